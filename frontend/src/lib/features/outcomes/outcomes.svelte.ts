import { body } from '$lib/api/client';
import { asRefusal, isAway, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { Form } from '$lib/keeping/form.svelte';
import { tag } from '$lib/keeping/server';
import { Typed } from '$lib/keeping/typed.svelte';
import type { Well } from '$lib/features/readers/asked';
import { wellsOf } from '$lib/features/readers/assignments.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import {
  areSacsWrong,
  carried,
  changesOf,
  draftOf,
  type Changes,
  type CycleOutcome,
  type Draft,
} from './draft';
import type { Fate, FateName, Fates } from './fates';

interface Of {
  dish: string;
  cycle: string;
  stack: string;
}

/** A fate that was chosen and that the server does not have yet. */
interface Unsent {
  fate: FateName | '';
  at: string | null;
  /** The version that the person saw. */
  version: number;
}

/** What became of a dish's embryos and of its cycle, and what is being typed about it. */
export class Outcomes {
  wells = $state.raw<Well[] | null>(null);
  fates = $state.raw<Fates>(new Map());
  refusal = $state.raw<Refusal | null>(null);
  /** The embryo whose fate somebody else told at the same time. */
  overtakenPlace = $state<string | null>(null);
  readonly form: Form<CycleOutcome, Draft>;
  /** Fates by place that wait for the server. */
  readonly unsent: Typed<Record<string, Unsent>>;
  readonly when: Typed<string>;
  readonly telling = new Asking();
  readonly saving = new Asking();
  readonly #app: App;
  readonly #of: Of;

  readonly isWrong: boolean = $derived.by(() => this.form.draft !== null && areSacsWrong(this.form.draft));

  constructor(app: App, of: Of) {
    this.#app = app;
    this.#of = of;
    this.unsent = new Typed<Record<string, Unsent>>(app.drafts, `fates/${of.dish}`, {});
    this.when = new Typed(app.drafts, `fates-when/${of.dish}`, '');
    this.form = new Form({
      drafts: app.drafts,
      thing: `outcome/${of.cycle}`,
      draftOf,
      carried,
      isChanged: (known, draft) => Object.keys(changesOf(known, draft)).length > 0,
    });
  }

  async load(): Promise<void> {
    try {
      const [wells] = await Promise.all([
        wellsOf(this.#app.api, this.#of.stack),
        this.#loadFates(),
        this.#loadOutcome(),
      ]);
      this.wells = wells;
      this.refusal = null;
      await this.sendUnsent();
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** The fate of an embryo as it was chosen here, whether the server has it or not. */
  fateOf(place: string): FateName | '' {
    return this.unsent.value[place]?.fate ?? this.fates.get(place)?.fate ?? '';
  }

  /** Send the fates that wait. */
  async sendUnsent(): Promise<void> {
    for (const [place, { fate, at, version }] of Object.entries(this.unsent.value)) {
      await this.#send(place, { fate, at, version });
      if (this.unsent.value[place]) return;
    }
  }

  /** Tell what became of an embryo; where somebody told otherwise meanwhile, theirs is shown and stays. */
  async tell(place: string, fate: FateName | '', at: string | null): Promise<void> {
    const version = this.fates.get(place)?.version ?? 0;
    await this.#send(place, { fate, at, version });
  }

  /** True when the server took what was typed about the cycle. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, draft, isChanged } = this.form;
    if (!known || !draft || !isChanged || this.isWrong) return false;
    const params = { path: { cycle_id: this.#of.cycle }, header: tag(known.version) };
    const changes: Changes = changesOf(known, draft);
    const isDone = await this.saving.run(async () => {
      const asked = this.#app.api.PATCH('/api/cycles/{cycle_id}/outcome/', { params, body: changes });
      this.form.sent((await body(asked)) as CycleOutcome);
    });
    if (this.saving.refusal?.code === 'changed_meanwhile') await this.saving.run(() => this.#loadOutcome());
    return isDone;
  }

  async #send(place: string, { fate, at, version }: Unsent): Promise<void> {
    this.overtakenPlace = null;
    const params = { path: { dish_id: this.#of.dish, place }, header: tag(version) };
    await this.telling.run(async () => {
      const asked = this.#app.api.PATCH('/api/dishes/{dish_id}/fates/{place}/', {
        params,
        body: { fate, at },
      });
      this.fates = new Map(this.fates).set(place, (await body(asked)) as Fate);
    });
    const { refusal } = this.telling;
    const others = Object.entries(this.unsent.value).filter(([other]) => other !== place);
    // Where it says "now", that is the moment of the choice, however late it is sent.
    const kept: Unsent = { fate, at: at ?? new Date().toISOString(), version };
    this.unsent.value = Object.fromEntries(refusal && isAway(refusal) ? [...others, [place, kept]] : others);
    if (refusal?.code !== 'changed_meanwhile') return;
    await this.telling.run(() => this.#loadFates());
    this.overtakenPlace = place;
  }

  async #loadFates(): Promise<void> {
    const params = { path: { dish_id: this.#of.dish } };
    const told = await body(this.#app.api.GET('/api/dishes/{dish_id}/fates/', { params }));
    this.fates = new Map((told as Fate[]).map((fate) => [fate.place, fate]));
  }

  async #loadOutcome(): Promise<void> {
    const params = { path: { cycle_id: this.#of.cycle } };
    this.form.hear(
      (await body(this.#app.api.GET('/api/cycles/{cycle_id}/outcome/', { params }))) as CycleOutcome,
    );
  }
}
