import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import { isUnderWay } from './one.svelte';
import type { CheckDetail, Difference, Verdict } from './types';

type CheckChanged = Extract<LiveEvent, { type: 'check.changed' }>;

/** One check, live, and the difference that is looked at. */
export class OneCheck {
  told = $state.raw<CheckDetail | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  /** Which differences are gone through; null: all. */
  verdict = $state<Verdict | null>(null);
  at = $state(0);
  readonly asking = new Asking();
  readonly isUnderWay = $derived(this.told !== null && isUnderWay(this.told.check));
  readonly mayCancel = $derived(this.isUnderWay && !this.told?.check.cancel_requested && !this.asking.isBusy);
  readonly shown: Difference[] = $derived(
    (this.told?.differences ?? []).filter(({ verdict }) => this.verdict === null || verdict === this.verdict),
  );
  readonly current: Difference | null = $derived(this.shown[this.at] ?? null);
  readonly #app: App;
  readonly #id: string;
  #asked = 0;

  constructor(app: App, id: string) {
    this.#app = app;
    this.#id = id;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const params = { path: { check_id: this.#id } };
      const told = await body(this.#app.api.GET('/api/checks/{check_id}/', { params }));
      if (asked !== this.#asked) return;
      this.told = told;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'check.changed' && event.check_id === this.#id) this.#advance(event);
  }

  async cancel(): Promise<void> {
    await this.asking.run(async () => {
      const params = { path: { check_id: this.#id } };
      const check = await body(this.#app.api.POST('/api/checks/{check_id}/cancel/', { params }));
      if (this.told) this.told = { ...this.told, check };
    });
  }

  choose(verdict: Verdict | null): void {
    this.verdict = verdict;
    this.at = 0;
  }

  /** Go on to another difference; the first and the last are the ends. */
  step(by: 1 | -1): void {
    this.at = Math.min(Math.max(this.at + by, 0), Math.max(this.shown.length - 1, 0));
  }

  pictureOf({ number }: Difference): string {
    return `/api/checks/${this.#id}/pictures/${number}.jpg`;
  }

  #advance({ state, step, done, total }: CheckChanged): void {
    const { told } = this;
    // Started, ended and the first step are asked for whole; what lies between is told by the event.
    if (!told || told.check.state !== state || !step) {
      void this.load();
      return;
    }
    this.told = { ...told, check: { ...told.check, progress: { stage: step, done, total } } };
  }
}
