import { body } from '$lib/api/client';
import type { UnfinishedUpload } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { begun, noteEnded } from './resume';

/** A recording whose files are partly on the server, from an earlier visit. */
export interface Interrupted {
  batch: string;
  name: string;
  share: number | null;
  uploads: UnfinishedUpload[];
}

/** Uploads that were cut off; dropping the same files again continues them. */
export class Unfinished {
  uploads = $state.raw<UnfinishedUpload[]>([]);
  readonly #app: App;
  #remembered = $state.raw<ReturnType<typeof begun>>([]);

  readonly interrupted: Interrupted[] = $derived.by(() => {
    const busy = new Set((this.#app.uploader?.recordings ?? []).map(({ batch }) => batch));
    const batches = new Set([...this.uploads, ...this.#remembered].map(({ batch }) => batch));
    return [...batches].filter((batch) => !busy.has(batch)).map((batch) => this.#describe(batch));
  });

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab || !this.#app.may('embryologist')) return;
    this.#remembered = begun(lab);
    try {
      this.uploads = await body(this.#app.api.GET('/api/uploads/', { params: { query: { lab } } }));
    } catch (error) {
      this.#app.report(error);
    }
  }

  async discard({ batch, uploads }: Interrupted): Promise<void> {
    for (const { id } of uploads) {
      await body(
        this.#app.api.DELETE('/api/uploads/{upload_id}', {
          params: { path: { upload_id: id }, header: { 'Tus-Resumable': '1.0.0' } },
        }),
      );
    }
    if (this.#app.lab) noteEnded(this.#app.lab.id, batch);
    await this.load();
  }

  #describe(batch: string): Interrupted {
    const uploads = this.uploads.filter((upload) => upload.batch === batch);
    const known = this.#remembered.find((one) => one.batch === batch);
    const name = known?.name ?? uploads[0]?.name.split('/')[0] ?? '';
    // Of several files the finished ones are no longer listed, so only a single file's share is known.
    const only = uploads.length === 1 && (known?.files ?? 1) === 1 ? uploads[0] : undefined;
    return { batch, name, uploads, share: only ? only.offset / Math.max(1, only.length) : null };
  }
}
