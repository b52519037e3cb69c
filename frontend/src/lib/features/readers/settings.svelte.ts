import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { tag } from '$lib/features/annotation/server';
import type { LiveEvent } from '$lib/api/types';
import { Asking } from '$lib/ui/asking.svelte';
import { carried, changesOf, draftOf, wrongIn, type Changes, type Draft, type Settings } from './draft';

/** How a lab reviews, and what is being typed upon it. */
export class ReviewSettings {
  known = $state.raw<Settings | null>(null);
  draft = $state<Draft | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  /** Somebody else changed them while something was being typed here. */
  isOvertaken = $state(false);
  readonly asking = new Asking();
  readonly #app: App;
  readonly #lab: string;

  readonly changes: Changes = $derived(this.known && this.draft ? changesOf(this.known, this.draft) : {});
  readonly isChanged: boolean = $derived(Object.keys(this.changes).length > 0);
  readonly wrong: string[] = $derived(this.draft ? wrongIn(this.draft) : []);

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
  }

  /** Read them as they are now; what was typed stays upon them. */
  async load(): Promise<void> {
    try {
      const params = { path: { lab_id: this.#lab } };
      this.#take(await body(this.#app.api.GET('/api/labs/{lab_id}/review-settings/', { params })));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Somebody's change; one's own is answered already. */
  hear(event: LiveEvent): void {
    if (event.type !== 'review_settings.changed' || this.asking.isBusy) return;
    if (event.version > (this.known?.version ?? 0)) void this.load();
  }

  /** True when the server took what was typed. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, changes } = this;
    if (!known || !this.isChanged || this.wrong.length > 0) return false;
    const params = { path: { lab_id: this.#lab }, header: tag(known.version) };
    const isDone = await this.asking.run(async () => {
      const kept = await body(
        this.#app.api.PATCH('/api/labs/{lab_id}/review-settings/', { params, body: changes }),
      );
      this.known = kept;
      this.draft = draftOf(kept);
      this.isOvertaken = false;
    });
    if (this.asking.refusal?.code === 'changed_meanwhile') {
      this.asking.refusal = null;
      await this.load();
    }
    return isDone;
  }

  /** Forget what was typed. */
  giveUp(): void {
    if (this.known) this.draft = draftOf(this.known);
    this.isOvertaken = false;
    this.asking.refusal = null;
  }

  #take(now: Settings): void {
    const before = this.known;
    if (before && this.draft && this.isChanged) {
      this.isOvertaken ||= now.version !== before.version;
      this.draft = carried(before, this.draft, now);
    } else {
      this.draft = draftOf(now);
    }
    this.known = now;
  }
}
