import { DefaultHttpStack, DetailedError, Upload, type HttpRequest, type HttpStack } from 'tus-js-client';
import { csrfToken } from '$lib/api/client';
import type { Refusal } from '$lib/api/refusal';
import { asRefusal, refusalFrom, unreachable } from '$lib/api/refusal';
import { Pace } from '$lib/features/runs/pace.svelte';
import type { Dropped, DroppedRecording } from './drop';
import { PlaceStorage } from './resume';

export type RecordingState = 'waiting' | 'uploading' | 'paused' | 'failed' | 'registering';

const CHUNK_BYTES = 8 * 1024 ** 2;
const SMALL_BYTES = 256 * 1024;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** One file on its way. */
export class FileUpload {
  readonly path: string;
  readonly bytes: number;
  sent = $state(0);
  upload: Upload | null = null;

  constructor(readonly dropped: Dropped) {
    this.path = dropped.path;
    this.bytes = dropped.file.size;
  }
}

/** One recording on its way: its files go up a few at a time, can be paused, and go on where they stopped. */
export class RecordingUpload {
  state = $state<RecordingState>('waiting');
  refusal = $state.raw<Refusal | null>(null);
  /** Files in flight, for the page; the rest is told as a number. */
  active = $state.raw<FileUpload[]>([]);
  filesDone = $state(0);
  /** Where the server keeps each file that arrived whole. */
  readonly places: string[] = [];
  readonly pace = new Pace();
  readonly name: string;
  readonly bytes: number;
  readonly fileCount: number;
  #doneBytes = $state(0);
  readonly sent: number = $derived(this.#doneBytes + this.active.reduce((sum, file) => sum + file.sent, 0));
  readonly #waiting: Dropped[];

  constructor(
    readonly batch: string,
    readonly lab: string,
    recording: DroppedRecording,
    private readonly parallel: number,
    private readonly onWhole: (recording: RecordingUpload) => void,
  ) {
    this.name = recording.name;
    this.bytes = recording.bytes;
    this.fileCount = recording.files.length;
    this.#waiting = [...recording.files].reverse();
  }

  start(): void {
    this.refusal = null;
    this.state = 'uploading';
    const stopped = this.active;
    this.active = [];
    for (const file of stopped) this.#waiting.push(file.dropped);
    this.#fill();
  }

  pause(): void {
    if (this.state !== 'uploading') return;
    this.state = 'paused';
    void this.#halt();
  }

  /** Stop for good; `shouldDelete` also removes what the server has of the files in flight. */
  async cancel(): Promise<void> {
    this.state = 'paused';
    await Promise.allSettled(this.active.map((file) => file.upload?.abort(true)));
    this.active = [];
  }

  async #halt(): Promise<void> {
    await Promise.allSettled(this.active.map((file) => file.upload?.abort()));
  }

  #fill(): void {
    while (this.state === 'uploading' && this.active.length < this.parallel) {
      const next = this.#waiting.pop();
      if (!next) break;
      const file = new FileUpload(next);
      this.active = [...this.active, file];
      void this.#send(file);
    }
    if (this.state === 'uploading' && this.active.length === 0 && this.#waiting.length === 0) {
      this.onWhole(this);
    }
  }

  async #send(file: FileUpload): Promise<void> {
    const { file: data } = file.dropped;
    const upload = new Upload(data, {
      endpoint: `${location.origin}/api/uploads/`,
      chunkSize: CHUNK_BYTES,
      // A large file's place is known before its first byte is sent, so that it goes on after a reload; small ones save a request.
      uploadDataDuringCreation: data.size <= SMALL_BYTES,
      retryDelays: RETRY_MS,
      metadata: { filename: file.path, lab: this.lab, batch: this.batch },
      urlStorage: new PlaceStorage(),
      storeFingerprintForResuming: true,
      removeFingerprintOnSuccess: false,
      fingerprint: async () => `${this.batch}/${data.size}/${data.lastModified}/${file.path}`,
      httpStack: new CheckedStack(),
      onProgress: (sent) => this.#progress(file, sent),
      onShouldRetry: (error) => mayPass(statusOf(error)),
      onSuccess: () => this.#done(file),
      onError: (error) => this.#failed(error),
    });
    file.upload = upload;
    const [previous] = await upload.findPreviousUploads();
    if (previous) upload.resumeFromPreviousUpload(previous);
    if (this.state === 'uploading') upload.start();
  }

  #progress(file: FileUpload, sent: number): void {
    file.sent = sent;
    this.pace.note(this.batch, this.sent, this.bytes);
  }

  #done(file: FileUpload): void {
    this.active = this.active.filter((other) => other !== file);
    this.#doneBytes += file.bytes;
    if (file.upload?.url) this.places.push(file.upload.url);
    this.filesDone += 1;
    this.pace.note(this.batch, this.sent, this.bytes);
    this.#fill();
  }

  #failed(error: Error): void {
    if (this.state !== 'uploading') return;
    this.state = 'failed';
    this.refusal = refusalOf(error);
    void this.#halt();
  }
}

const statusOf = (error: Error): number =>
  error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;

/** What a moment's wait may cure: a lock, a conflict of offsets, too many requests, a server that restarts; not a full disk. */
const mayPass = (status: number): boolean =>
  status === 0 ||
  status === 409 ||
  status === 423 ||
  status === 429 ||
  status === 460 ||
  (status >= 500 && status !== 507);

function refusalOf(error: Error): Refusal {
  if (!(error instanceof DetailedError) || !error.originalResponse) return asRefusal(unreachable());
  try {
    return refusalFrom(error.originalResponse.getStatus(), JSON.parse(error.originalResponse.getBody()));
  } catch {
    return refusalFrom(error.originalResponse.getStatus(), null);
  }
}

/** Sends every chunk with its hash, so that one changed on the way is refused and sent again. */
class CheckedStack implements HttpStack {
  readonly #inner = new DefaultHttpStack({});

  createRequest(method: string, url: string): HttpRequest {
    const request = this.#inner.createRequest(method, url);
    const send = request.send.bind(request);
    request.setHeader('X-CSRFToken', csrfToken());
    request.send = async (body: unknown) => {
      const checksum = body instanceof Blob ? await checksumOf(body) : null;
      if (checksum) request.setHeader('Upload-Checksum', checksum);
      return send(body);
    };
    return request;
  }

  getName(): string {
    return 'CheckedStack';
  }
}

/** Null where the browser has no cryptography for pages without TLS. */
async function checksumOf(chunk: Blob): Promise<string | null> {
  if (!globalThis.crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await chunk.arrayBuffer()));
  return `sha256 ${btoa(String.fromCharCode(...digest))}`;
}
