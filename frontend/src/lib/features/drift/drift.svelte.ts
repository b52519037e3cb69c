import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { isUnderWay } from '$lib/features/detectors/one.svelte';
import type { Drift, Recalibration, Recalibrations } from '$lib/features/detectors/types';

/** How a lab's recordings have changed, and fitting anew how sure the stager may be. */
export class LabDrift {
  drift = $state.raw<Drift | null>(null);
  fitting = $state.raw<Recalibrations | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly underWay = $derived(this.fitting?.recalibrations.find(isUnderWay) ?? null);
  readonly ended = $derived((this.fitting?.recalibrations ?? []).filter((one) => !isUnderWay(one)));
  readonly isEnough = $derived(
    this.fitting !== null &&
      this.fitting.embryos >= this.fitting.least_embryos &&
      this.fitting.patients >= this.fitting.least_patients,
  );
  readonly #app: App;
  readonly #lab: string;
  #asked = 0;

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
  }

  async load(): Promise<void> {
    const params = { path: { lab_id: this.#lab } };
    try {
      const [drift] = await Promise.all([
        body(this.#app.api.GET('/api/labs/{lab_id}/drift/', { params })),
        this.#look(),
      ]);
      this.drift = drift;
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  async start(): Promise<void> {
    const params = { path: { lab_id: this.#lab } };
    this.#take(await body(this.#app.api.POST('/api/labs/{lab_id}/recalibrations/', { params })));
  }

  async cancel({ id }: Recalibration): Promise<void> {
    const params = { path: { recalibration_id: id } };
    this.#take(await body(this.#app.api.POST('/api/recalibrations/{recalibration_id}/cancel/', { params })));
  }

  /** What is told of a recalibration is asked for whole: a finished one has its figures. */
  hear(event: LiveEvent): void {
    // Where the server is away for a moment, the feed comes back with a new epoch and all is asked for again.
    if (event.type === 'recalibration.changed') void this.#look().catch(() => undefined);
  }

  async #look(): Promise<void> {
    const asked = ++this.#asked;
    const params = { path: { lab_id: this.#lab } };
    const found = await body(this.#app.api.GET('/api/labs/{lab_id}/recalibrations/', { params }));
    if (asked === this.#asked) this.fitting = found;
  }

  #take(one: Recalibration): void {
    if (!this.fitting) return;
    const others = this.fitting.recalibrations.filter(({ id }) => id !== one.id);
    this.fitting = { ...this.fitting, recalibrations: [one, ...others] };
  }
}
