import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import type { Check, WeightsDetail } from './types';

const UNDER_WAY = new Set<Check['state']>(['queued', 'running']);

export const isUnderWay = ({ state }: { state: Check['state'] }): boolean => UNDER_WAY.has(state);

/** One set of weights as it stands in a lab, with its checks there. */
export class OneWeights {
  it = $state.raw<WeightsDetail | null>(null);
  checks = $state.raw<Check[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  readonly asking = new Asking();
  readonly underWay = $derived(this.checks.find(isUnderWay) ?? null);
  /** What may be checked and run beside: neither what is away for good nor what cannot be read. */
  readonly isJudgeable = $derived(this.it !== null && !['retired', 'unusable'].includes(this.it.state));
  readonly mayRetire = $derived(
    this.it !== null && this.it.lab !== null && ['candidate', 'checked'].includes(this.it.state),
  );
  readonly id: string;
  readonly #app: App;
  readonly #lab: string | null;
  #asked = 0;

  constructor(app: App, id: string, lab: string | null) {
    this.#app = app;
    this.id = id;
    this.#lab = lab;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    const params = { path: { weights_id: this.id }, query: this.#lab ? { lab: this.#lab } : {} };
    try {
      const [it, checks] = await Promise.all([
        body(this.#app.api.GET('/api/weights/{weights_id}/', { params })),
        body(this.#app.api.GET('/api/weights/{weights_id}/checks/', { params })),
      ]);
      if (asked !== this.#asked) return;
      this.it = it;
      this.checks = checks;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'weights.changed' || event.type === 'check.changed') {
      if (event.weights_id === this.id) void this.load();
    } else if (event.type === 'weights.use_changed' && event.task === this.it?.task) void this.load();
  }

  /** Have them checked beside what the lab uses; answers where to look, null where the server refused. */
  async check(): Promise<Check | null> {
    let made: Check | null = null;
    await this.asking.run(async () => {
      const params = { path: { weights_id: this.id } };
      const asked = { params, body: { lab: this.#lab ?? '' } };
      made = await body(this.#app.api.POST('/api/weights/{weights_id}/checks/', asked));
    });
    return made;
  }

  /** Put them away for good. */
  retire(reason: string): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { weights_id: this.id } };
      await body(this.#app.api.POST('/api/weights/{weights_id}/retire/', { params, body: { reason } }));
      await this.load();
    });
  }
}
