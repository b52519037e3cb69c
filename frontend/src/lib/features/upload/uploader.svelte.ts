import { body, type Api } from '$lib/api/client';
import { asRefusal } from '$lib/api/refusal';
import type { Stack, UnfinishedUpload } from '$lib/api/types';
import type { DroppedRecording } from './drop';
import { RecordingUpload } from './recording.svelte';
import { batchOf, noteBegun, noteEnded } from './resume';

const PARALLEL_FILES = 4;
const PARALLEL_RECORDINGS = 2;

/** The uploads of this visit; they go on while other pages are open. */
export class Uploader {
  recordings = $state.raw<RecordingUpload[]>([]);
  readonly isBusy: boolean = $derived(
    this.recordings.some(
      ({ state }) => state === 'uploading' || state === 'waiting' || state === 'registering',
    ),
  );
  /** Hears of every recording the server took in. */
  onRegistered: ((stack: Stack) => void) | null = null;
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
    addEventListener('beforeunload', this.#warn);
  }

  close(): void {
    removeEventListener('beforeunload', this.#warn);
    for (const recording of this.recordings) recording.pause();
    this.recordings = [];
  }

  /** Take what was dropped; a recording that was begun before goes on under its old batch. */
  add(lab: string, dropped: DroppedRecording[], unfinished: UnfinishedUpload[]): void {
    const fresh = dropped
      .filter(({ files }) => files.length > 0)
      .map((recording) => {
        const batch = batchOf(lab, recording, unfinished) ?? crypto.randomUUID();
        noteBegun({
          batch,
          lab,
          name: recording.name,
          files: recording.files.length,
          bytes: recording.bytes,
        });
        return new RecordingUpload(
          batch,
          lab,
          recording,
          PARALLEL_FILES,
          (whole) => void this.#register(whole),
        );
      })
      .filter(({ batch }) => !this.recordings.some((other) => other.batch === batch));
    this.recordings = [...this.recordings, ...fresh];
    this.#next();
  }

  async cancel(recording: RecordingUpload): Promise<void> {
    await recording.cancel();
    this.#remove(recording);
  }

  /** Ask again for what was refused after all bytes had arrived, or go on with the bytes. */
  resume(recording: RecordingUpload): void {
    recording.start();
  }

  #next(): void {
    const running = this.recordings.filter(({ state }) => state === 'uploading').length;
    const waiting = this.recordings.filter(({ state }) => state === 'waiting');
    for (const recording of waiting.slice(0, Math.max(0, PARALLEL_RECORDINGS - running))) recording.start();
  }

  async #register(recording: RecordingUpload): Promise<void> {
    recording.state = 'registering';
    try {
      const { lab, batch, name } = recording;
      const stack = await body(this.#api.POST('/api/stacks/', { body: { lab, batch, name } }));
      this.#remove(recording);
      this.onRegistered?.(stack);
    } catch (error) {
      recording.state = 'failed';
      recording.refusal = asRefusal(error);
      this.#next();
    }
  }

  #remove(recording: RecordingUpload): void {
    noteEnded(recording.lab, recording.batch);
    this.recordings = this.recordings.filter((other) => other !== recording);
    this.#next();
  }

  readonly #warn = (event: BeforeUnloadEvent): void => {
    if (this.isBusy) event.preventDefault();
  };
}
