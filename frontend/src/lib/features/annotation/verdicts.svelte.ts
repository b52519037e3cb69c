import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import type { VerdictValue } from '$lib/api/types';

/** Who said what about an embryo, when and instead of what; the latest first. */
export class Verdicts {
  all = $state.raw<VerdictValue[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  isLoaded = $state(false);
  hasMore = $state(false);
  readonly #app: App;
  readonly #stack: string;
  readonly #place: string;
  #page = 1;

  constructor(app: App, stack: string, place: string) {
    this.#app = app;
    this.#stack = stack;
    this.#place = place;
  }

  async load(): Promise<void> {
    await this.#fetch(1);
  }

  async more(): Promise<void> {
    await this.#fetch(this.#page + 1);
  }

  async #fetch(page: number): Promise<void> {
    const params = { path: { stack_id: this.#stack }, query: { place: this.#place, page } };
    try {
      const told = await body(this.#app.api.GET('/api/stacks/{stack_id}/verdicts/', { params }));
      const before = page === 1 ? [] : this.all;
      const known = new Set(before.map(({ id }) => id));
      const fresh = told.results as VerdictValue[];
      this.all = [...before, ...fresh.filter(({ id }) => !known.has(id))];
      this.hasMore = told.next !== null;
      this.#page = page;
      this.isLoaded = true;
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }
}
