import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { isEnded } from './report';
import type { ListedImport } from './types';

/** The imports of a lab, newest first, kept current while the page is open. */
export class Imports {
  all = $state.raw<ListedImport[] | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly open = $derived((this.all ?? []).filter((one) => !isEnded(one)));
  readonly #app: App;
  #asked = 0;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const asked = ++this.#asked;
    try {
      const params = { path: { lab_id: lab } };
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/label-imports/', { params }));
      if (asked !== this.#asked) return;
      this.all = answer;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'label_import.changed') return;
    const known = this.all?.find(({ id }) => id === event.import_id);
    if (!known || known.state !== event.state) void this.load();
  }
}
