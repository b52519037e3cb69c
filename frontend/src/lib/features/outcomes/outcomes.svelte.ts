import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { tag } from '$lib/features/annotation/server';
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

/** What became of a dish's embryos and of its cycle, and what is being typed about it. */
export class Outcomes {
  wells = $state.raw<Well[] | null>(null);
  fates = $state.raw<Fates>(new Map());
  known = $state.raw<CycleOutcome | null>(null);
  draft = $state<Draft | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  /** The embryo whose fate somebody else told at the same time. */
  overtakenPlace = $state<string | null>(null);
  /** Somebody else told of the cycle while something was being typed here. */
  isOvertaken = $state(false);
  readonly telling = new Asking();
  readonly saving = new Asking();
  readonly #app: App;
  readonly #of: Of;

  readonly changes: Changes = $derived(this.known && this.draft ? changesOf(this.known, this.draft) : {});
  readonly isChanged: boolean = $derived(Object.keys(this.changes).length > 0);
  readonly isWrong: boolean = $derived(this.draft !== null && areSacsWrong(this.draft));

  constructor(app: App, of: Of) {
    this.#app = app;
    this.#of = of;
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
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Tell what became of an embryo; where somebody told otherwise meanwhile, theirs is shown and stays. */
  async tell(place: string, fate: FateName | '', at: string | null): Promise<void> {
    this.overtakenPlace = null;
    const header = tag(this.fates.get(place)?.version ?? 0);
    const params = { path: { dish_id: this.#of.dish, place }, header };
    await this.telling.run(async () => {
      const asked = this.#app.api.PATCH('/api/dishes/{dish_id}/fates/{place}/', {
        params,
        body: { fate, at },
      });
      this.fates = new Map(this.fates).set(place, (await body(asked)) as Fate);
    });
    if (this.telling.refusal?.code !== 'changed_meanwhile') return;
    await this.telling.run(() => this.#loadFates());
    this.overtakenPlace = place;
  }

  /** True when the server took what was typed about the cycle. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, changes } = this;
    if (!known || !this.isChanged || this.isWrong) return false;
    const params = { path: { cycle_id: this.#of.cycle }, header: tag(known.version) };
    const isDone = await this.saving.run(async () => {
      const asked = this.#app.api.PATCH('/api/cycles/{cycle_id}/outcome/', { params, body: changes });
      this.known = (await body(asked)) as CycleOutcome;
      this.draft = draftOf(this.known);
      this.isOvertaken = false;
    });
    if (this.saving.refusal?.code === 'changed_meanwhile') await this.saving.run(() => this.#loadOutcome());
    return isDone;
  }

  async #loadFates(): Promise<void> {
    const params = { path: { dish_id: this.#of.dish } };
    const told = await body(this.#app.api.GET('/api/dishes/{dish_id}/fates/', { params }));
    this.fates = new Map((told as Fate[]).map((fate) => [fate.place, fate]));
  }

  async #loadOutcome(): Promise<void> {
    const params = { path: { cycle_id: this.#of.cycle } };
    const now = (await body(
      this.#app.api.GET('/api/cycles/{cycle_id}/outcome/', { params }),
    )) as CycleOutcome;
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
