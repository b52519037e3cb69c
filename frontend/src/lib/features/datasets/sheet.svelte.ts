import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import type { Item, Split } from './types';

export const SHEET_SIZE = 60;

/** The pictures of one data set, a sheet at a time. */
export class Sheet {
  items = $state.raw<Item[] | null>(null);
  count = $state(0);
  refusal = $state.raw<Refusal | null>(null);
  split = $state<Split | ''>('');
  meaning = $state('');
  page = $state(1);
  readonly pages = $derived(Math.max(1, Math.ceil(this.count / SHEET_SIZE)));
  readonly #app: App;
  readonly #id: string;
  #asked = 0;

  constructor(app: App, id: string) {
    this.#app = app;
    this.#id = id;
  }

  choose(change: { split?: Split | ''; meaning?: string }): void {
    if (change.split !== undefined) this.split = change.split;
    if (change.meaning !== undefined) this.meaning = change.meaning;
    this.page = 1;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    const query = {
      page: this.page,
      page_size: SHEET_SIZE,
      ...(this.split ? { split: this.split } : {}),
      ...(this.meaning ? { meaning: this.meaning } : {}),
    };
    try {
      const params = { path: { data_set_id: this.#id }, query };
      const answer = await body(this.#app.api.GET('/api/data-sets/{data_set_id}/items/', { params }));
      if (asked !== this.#asked) return; // another sheet was asked for meanwhile
      this.items = answer.results;
      this.count = answer.count;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }
}
