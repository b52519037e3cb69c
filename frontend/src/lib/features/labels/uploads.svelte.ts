import { body, type Api } from '$lib/api/client';
import { asRefusal, Refusal } from '$lib/api/refusal';
import type { UnfinishedUpload } from '$lib/api/types';
import type { Dropped, DroppedRecording } from '$lib/features/upload/drop';
import { RecordingUpload } from '$lib/features/upload/recording.svelte';
import { batchOf, noteBegun, noteEnded } from '$lib/features/upload/resume';
import type { LabelImport } from './types';
import { MOST_BYTES, MOST_FILES, zipped } from './zipped';

const LITTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX(\/.*)?)$/i;

/** All that was dropped together is one export: its tables, its classes and its pictures belong together. */
export function exportIn(dropped: readonly Dropped[]): DroppedRecording | null {
  const files = dropped.filter(({ path }) => !LITTER.test(path));
  const first = files[0];
  if (!first) return null;
  const folder = first.path.includes('/') ? first.path.slice(0, first.path.indexOf('/')) : '';
  return {
    name: files.length === 1 || !folder ? first.path : folder,
    files: [...files].sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true })),
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
  };
}

/** The one file that is sent: several are packed together first. */
export async function packed(found: DroppedRecording): Promise<DroppedRecording> {
  if (found.files.length === 1) return found;
  if (found.files.length > MOST_FILES || found.bytes > MOST_BYTES) throw new Refusal('too_large_to_pack', '');
  const file = await zipped(found.name.replace(/^.*\//, ''), found.files);
  return { name: file.name, files: [{ path: file.name, file }], bytes: file.size };
}

/** Label files on their way, whichever page is open; each becomes an import as soon as all of it is there. */
export class LabelUploads {
  all = $state.raw<RecordingUpload[]>([]);
  readonly isBusy: boolean = $derived(
    this.all.some(({ state }) => state === 'uploading' || state === 'registering'),
  );
  /** Hears of every import that the server made of them. */
  onRegistered: ((made: LabelImport) => void) | null = null;
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
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
      const params = { path: { lab_id: upload.lab } };
      const id = upload.places.at(-1)?.split('/').at(-1) ?? '';
      const made = await body(
        this.#api.POST('/api/labs/{lab_id}/label-imports/', { params, body: { upload: id } }),
      );
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
