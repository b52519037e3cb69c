import { asRefusal } from '$lib/api/refusal';
import type { UnfinishedUpload } from '$lib/api/types';
import type { DroppedRecording } from './drop';
import { RecordingUpload } from './recording.svelte';
import { batchOf, noteBegun, noteEnded } from './resume';

/** Single files on their way, whichever page is open; each is handed over as soon as all of it is there. */
export class SentFiles<Made> {
  all = $state.raw<RecordingUpload[]>([]);
  readonly isBusy: boolean = $derived(
    this.all.some(({ state }) => state === 'uploading' || state === 'registering'),
  );
  /** Hears of everything that the server made of them. */
  onRegistered: ((made: Made) => void) | null = null;
  readonly #register: (lab: string, upload: string) => Promise<Made>;

  /** `register` tells the server what an upload of a lab is for. */
  constructor(register: (lab: string, upload: string) => Promise<Made>) {
    this.#register = register;
    addEventListener('beforeunload', this.#warn);
  }

  add(lab: string, dropped: DroppedRecording, unfinished: readonly UnfinishedUpload[]): void {
    const batch = batchOf(lab, dropped, [...unfinished]) ?? crypto.randomUUID();
    if (this.all.some((other) => other.batch === batch)) return;
    noteBegun({ batch, lab, name: dropped.name, files: dropped.files.length, bytes: dropped.bytes });
    const upload = new RecordingUpload(batch, lab, dropped, 1, (whole) => void this.#handOver(whole));
    this.all = [...this.all, upload];
    upload.start();
  }

  /** Go on with the bytes, or ask again for what was refused after all of them had arrived. */
  resume(upload: RecordingUpload): void {
    upload.start();
  }

  async cancel(upload: RecordingUpload): Promise<void> {
    await upload.cancel();
    this.#remove(upload);
  }

  close(): void {
    removeEventListener('beforeunload', this.#warn);
    for (const upload of this.all) upload.pause();
    this.all = [];
  }

  async #handOver(upload: RecordingUpload): Promise<void> {
    upload.state = 'registering';
    try {
      const made = await this.#register(upload.lab, upload.places.at(-1)?.split('/').at(-1) ?? '');
      this.#remove(upload);
      this.onRegistered?.(made);
    } catch (error) {
      upload.state = 'failed';
      upload.refusal = asRefusal(error);
    }
  }

  #remove(upload: RecordingUpload): void {
    noteEnded(upload.lab, upload.batch);
    this.all = this.all.filter((other) => other !== upload);
  }

  readonly #warn = (event: BeforeUnloadEvent): void => {
    if (this.isBusy) event.preventDefault();
  };
}
