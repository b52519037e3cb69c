import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Form } from '$lib/keeping/form.svelte';
import { tag } from '$lib/keeping/server';
import { Asking } from '$lib/ui/asking.svelte';
import { carried, changesOf, draftOf, wrongIn, type Draft, type Geometry } from './spacing';

/** How far apart the wells of a lab's dishes lie, and what is being typed upon it. */
export class Spacing {
  refusal = $state.raw<Refusal | null>(null);
  readonly form: Form<Geometry, Draft>;
  readonly asking = new Asking();
  readonly #app: App;
  readonly #lab: string;

  readonly wrong: string[] = $derived.by(() => (this.form.draft ? wrongIn(this.form.draft) : []));

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
    this.form = new Form({
      drafts: app.drafts,
      thing: `dish-geometry/${lab}`,
      draftOf,
      carried,
      isChanged: (known, draft) => Object.keys(changesOf(known, draft)).length > 0,
    });
  }

  async load(): Promise<void> {
    try {
      const params = { path: { lab_id: this.#lab } };
      this.form.hear(await body(this.#app.api.GET('/api/labs/{lab_id}/dish-geometry/', { params })));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Somebody's change; one's own is answered already. */
  hear(event: LiveEvent): void {
    if (event.type !== 'dish_geometry.changed' || this.asking.isBusy) return;
    if (event.version > (this.form.known?.version ?? 0)) void this.load();
  }

  /** A layout that is not in the list; one that is there already stays as it is. */
  add(layout: string): void {
    const { draft } = this.form;
    if (draft && !draft[layout]) draft[layout] = { pitch: '', well: '' };
  }

  /** True when the server took what was typed. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, draft, isChanged } = this.form;
    if (!known || !draft || !isChanged || this.wrong.length > 0) return false;
    const params = { path: { lab_id: this.#lab }, header: tag(known.version) };
    const layouts = changesOf(known, draft);
    const isDone = await this.asking.run(async () => {
      this.form.sent(
        await body(this.#app.api.PATCH('/api/labs/{lab_id}/dish-geometry/', { params, body: { layouts } })),
      );
    });
    if (this.asking.refusal?.code === 'changed_meanwhile') {
      this.asking.refusal = null;
      await this.load();
    }
    return isDone;
  }

  giveUp(): void {
    this.form.giveUp();
    this.asking.refusal = null;
  }
}
