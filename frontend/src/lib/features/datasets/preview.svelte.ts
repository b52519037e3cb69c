import { body } from '$lib/api/client';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import type { Item, Preview, Step } from './types';

/** One picture beside what steps make of it. */
export class StepPreview {
  made = $state.raw<Preview | null>(null);
  readonly asking = new Asking();
  #seed = 1;
  #waiting: (() => void) | null = null;
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  /** Ask for the steps as they are now; of several questions while one is asked, the last is asked next. */
  async show(lab: string, item: Item, steps: readonly Step[], isAtRandom: boolean): Promise<void> {
    if (this.asking.isBusy) {
      this.#waiting = () => void this.show(lab, item, steps, isAtRandom);
      return;
    }
    await this.asking.run(async () => {
      const params = { path: { lab_id: lab } };
      const asked = {
        reference: item.reference,
        boxes: item.wells.map(({ box }) => box),
        steps: [...steps],
        at_random: isAtRandom,
        seed: this.#seed,
      };
      this.made = await body(
        this.#app.api.POST('/api/labs/{lab_id}/step-previews/', { params, body: asked }),
      );
    });
    const next = this.#waiting;
    this.#waiting = null;
    next?.();
  }

  /** Draw other values the next time. */
  drawAnew(): void {
    this.#seed += 1;
  }
}
