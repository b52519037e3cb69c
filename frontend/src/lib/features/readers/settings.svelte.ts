import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { Form } from '$lib/keeping/form.svelte';
import { tag } from '$lib/keeping/server';
import type { LiveEvent } from '$lib/api/types';
import { Asking } from '$lib/ui/asking.svelte';
import { carried, changesOf, draftOf, wrongIn, type Changes, type Draft, type Settings } from './draft';

/** How a lab reviews, and what is being typed upon it. */
export class ReviewSettings {
  refusal = $state.raw<Refusal | null>(null);
  readonly form: Form<Settings, Draft>;
  readonly asking = new Asking();
  readonly #app: App;
  readonly #lab: string;

  readonly wrong: string[] = $derived.by(() => (this.form.draft ? wrongIn(this.form.draft) : []));

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
    this.form = new Form({
      drafts: app.drafts,
      thing: `review-settings/${lab}`,
      draftOf,
      carried,
      isChanged: (known, draft) => Object.keys(changesOf(known, draft)).length > 0,
    });
  }

  /** Read them as they are now; what was typed stays upon them. */
  async load(): Promise<void> {
    try {
      const params = { path: { lab_id: this.#lab } };
      this.form.hear(await body(this.#app.api.GET('/api/labs/{lab_id}/review-settings/', { params })));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Somebody's change; one's own is answered already. */
  hear(event: LiveEvent): void {
    if (event.type !== 'review_settings.changed' || this.asking.isBusy) return;
    if (event.version > (this.form.known?.version ?? 0)) void this.load();
  }

  /** True when the server took what was typed. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, draft, isChanged } = this.form;
    if (!known || !draft || !isChanged || this.wrong.length > 0) return false;
    const params = { path: { lab_id: this.#lab }, header: tag(known.version) };
    const changes: Changes = changesOf(known, draft);
    const isDone = await this.asking.run(async () => {
      this.form.sent(
        await body(this.#app.api.PATCH('/api/labs/{lab_id}/review-settings/', { params, body: changes })),
      );
    });
    if (this.asking.refusal?.code === 'changed_meanwhile') {
      this.asking.refusal = null;
      await this.load();
    }
    return isDone;
  }

  /** Forget what was typed. */
  giveUp(): void {
    this.form.giveUp();
    this.asking.refusal = null;
  }
}
