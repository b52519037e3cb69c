import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent, Weights } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Deed } from './deeds';
import { TASKS, type Task, type TaskUse, type Use, type Uses } from './types';

const STANDING = ['active', 'checked', 'candidate', 'unusable', 'retired'];
const NEWS = new Set<LiveEvent['type']>(['weights.changed', 'weights.use_changed', 'check.changed']);

/** How one task stands in the lab: what is in use, what waits to be confirmed, and all weights of it. */
export interface TaskStanding {
  task: Task;
  use: TaskUse | null;
  proposal: Use | null;
  weights: Weights[];
}

/** Which detectors a lab has, what it uses, and what it may do with them. */
export class Registry {
  weights = $state.raw<Weights[] | null>(null);
  uses = $state.raw<Uses | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly mayAct: boolean = $derived.by(() => this.#app.may('admin', this.#lab ?? undefined));
  /** The lab has nobody who could confirm what its one admin proposes. */
  readonly isAlone: boolean = $derived((this.uses?.admins ?? 2) < 2);
  readonly tasks: TaskStanding[] = $derived(TASKS.map((task) => this.#standing(task)));
  readonly #app: App;
  readonly #lab: string | null;
  #asked = 0;

  constructor(app: App, lab: string | null) {
    this.#app = app;
    this.#lab = lab;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const query = this.#lab ? { lab: this.#lab } : {};
      const [weights, uses] = await Promise.all([
        body(this.#app.api.GET('/api/weights/', { params: { query } })),
        this.#lab ? this.#readUses(this.#lab) : null,
      ]);
      if (asked !== this.#asked) return;
      this.weights = weights;
      this.uses = uses;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (!NEWS.has(event.type)) return;
    // A check that goes on changes nothing here until it has ended.
    if (event.type === 'check.changed' && event.state !== 'finished') return;
    void this.load();
  }

  standingOf(task: string): TaskStanding | null {
    return this.tasks.find((one) => one.task === task) ?? null;
  }

  /** Whether somebody else has to confirm this proposal than who looks at it. */
  isOwn({ asked_by }: Use): boolean {
    return asked_by !== null && asked_by === this.#app.user?.id;
  }

  /** Prove anew who one is and change what the lab uses: an open page on a shared screen is no decision. */
  async act(deed: Deed, password: string, reason: string): Promise<Use> {
    await body(this.#app.api.POST('/api/session/step-up/', { body: { password } }));
    const use = await this.#do(deed, reason);
    await this.load();
    return use;
  }

  /** Take a proposal back. */
  async withdraw(use: Use): Promise<void> {
    const params = { path: { use_id: use.id } };
    await body(this.#app.api.POST('/api/uses/{use_id}/withdraw/', { params, body: {} }));
    await this.load();
  }

  #readUses(lab: string): Promise<Uses> {
    return body(this.#app.api.GET('/api/labs/{lab_id}/uses/', { params: { path: { lab_id: lab } } }));
  }

  #do(deed: Deed, reason: string): Promise<Use> {
    const { api } = this.#app;
    if (deed.kind === 'confirm') {
      const params = { path: { use_id: deed.use } };
      return body(api.POST('/api/uses/{use_id}/confirm/', { params }));
    }
    const params = { path: { lab_id: this.#lab ?? '' } };
    const { task } = deed;
    if (deed.kind === 'roll_back') {
      return body(api.POST('/api/labs/{lab_id}/uses/roll-back/', { params, body: { task, reason } }));
    }
    const weights = deed.kind === 'propose' ? deed.weights : null;
    return body(api.POST('/api/labs/{lab_id}/uses/', { params, body: { task, weights, reason } }));
  }

  #standing(task: Task): TaskStanding {
    const weights = (this.weights ?? []).filter((one) => one.task === task);
    return {
      task,
      use: this.uses?.tasks.find((one) => one.task === task) ?? null,
      proposal: this.uses?.history.find((one) => one.task === task && one.state === 'proposed') ?? null,
      weights: weights.sort((one, other) => STANDING.indexOf(one.state) - STANDING.indexOf(other.state)),
    };
  }
}
