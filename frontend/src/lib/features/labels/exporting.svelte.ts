import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { Typed } from '$lib/keeping/typed.svelte';
import { addressOf, countsQuery, usual, type Asked } from './exporting';
import type { ExportCounts } from './types';

/** What shall go out, and how much that is. */
export class Exporting {
  readonly typed: Typed<Asked>;
  counts = $state.raw<ExportCounts | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly asked: Asked = $derived.by(() => this.typed.value);
  readonly address = $derived.by(() => addressOf(this.#lab, this.asked));
  readonly #app: App;
  readonly #lab: string;
  #last = 0;

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
    this.typed = new Typed(app.drafts, `label-export/${lab}`, usual);
  }

  ask(change: Partial<Asked>): void {
    this.typed.say(change);
  }

  async count(): Promise<void> {
    const last = ++this.#last;
    try {
      const params = { path: { lab_id: this.#lab }, query: countsQuery(this.asked) };
      const counts = await body(this.#app.api.GET('/api/labs/{lab_id}/label-exports/', { params }));
      if (last !== this.#last) return; // something else is asked meanwhile
      this.counts = counts;
      this.refusal = null;
    } catch (error) {
      if (last === this.#last) this.refusal = asRefusal(error);
    }
  }
}
