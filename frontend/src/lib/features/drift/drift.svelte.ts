import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { isUnderWay } from '$lib/features/detectors/one.svelte';
import type { Drift, Recalibration, Recalibrations } from '$lib/features/detectors/types';

const LOOK_EVERY_MS = 3000;

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
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

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
    this.#lookLater();
  }

  async cancel({ id }: Recalibration): Promise<void> {
    const params = { path: { recalibration_id: id } };
    this.#take(await body(this.#app.api.POST('/api/recalibrations/{recalibration_id}/cancel/', { params })));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const params = { path: { lab_id: this.#lab } };
    const found = await body(this.#app.api.GET('/api/labs/{lab_id}/recalibrations/', { params }));
    if (this.#isClosed) return;
    this.fitting = found;
    this.#lookLater();
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !this.underWay) return;
    // A server that is away for a moment is asked again; the live badge tells people that it is.
    this.#timer = setTimeout(() => void this.#look().catch(() => this.#lookLater()), LOOK_EVERY_MS);
  }

  #take(one: Recalibration): void {
    if (!this.fitting) return;
    const others = this.fitting.recalibrations.filter(({ id }) => id !== one.id);
    this.fitting = { ...this.fitting, recalibrations: [one, ...others] };
  }
}
