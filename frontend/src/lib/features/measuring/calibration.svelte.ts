import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { components } from '$lib/api/schema';
import type { App } from '$lib/app.svelte';
import { same } from '$lib/keeping/fields';
import type { KeptCalibration, Measurement } from './measurements';

export type CalibrationValue = components['schemas']['PixelScaleOut'];
/** Well diameters further apart than this say that a figure was entered wrongly. */
const DOUBTFUL = 0.2;

/** How many micrometres a pixel of the recording is, as the server reckons it. */
export class Calibration {
  known = $state.raw<CalibrationValue | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly #app: App;
  readonly #stack: string;

  /** What a measurement keeps of it; null where only pixels can be told. */
  readonly kept: KeptCalibration | null = $derived((this.known?.kept ?? null) as KeptCalibration | null);
  /** The wells that were measured are not as wide as the lab says: the figures for another dish may have been entered. */
  readonly isDoubtful: boolean = $derived.by(() => {
    const { well_um: entered, well_um_found: found } = this.known ?? {};
    return !!entered && !!found && Math.abs(found / entered - 1) > DOUBTFUL;
  });

  constructor(app: App, stack: string) {
    this.#app = app;
    this.#stack = stack;
  }

  async load(): Promise<void> {
    try {
      const params = { path: { stack_id: this.#stack } };
      this.known = await body(this.#app.api.GET('/api/stacks/{stack_id}/calibration/', { params }));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Whether it was measured by another calibration than today's, so that measuring anew would tell another size. */
  isOutdated(measurement: Measurement): boolean {
    return this.kept !== null && !same(measurement.calibration, this.kept);
  }
}
