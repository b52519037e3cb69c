import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Adaptation, Material } from '$lib/api/types';
import type { App } from '$lib/app.svelte';

const LOOK_EVERY_MS = 3000;
const UNDER_WAY = new Set<Adaptation['state']>(['queued', 'running']);

export const isUnderWay = (adaptation: Adaptation): boolean => UNDER_WAY.has(adaptation.state);

/** From 0 to 1; null where nobody knows yet. */
export const shareOf = (progress: Adaptation['progress']): number | null =>
  progress && progress.total > 0 ? progress.done / progress.total : null;

/** Learning from one lab's recordings: what there is to learn from, what is under way and what came of it. */
export class Adapting {
  material = $state.raw<Material | null>(null);
  adaptations = $state.raw<Adaptation[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  readonly underWay = $derived(this.adaptations.find(isUnderWay) ?? null);
  readonly ended = $derived(this.adaptations.filter((one) => !isUnderWay(one)));
  readonly usable = $derived(this.material?.recordings.filter(({ reason }) => reason === null) ?? []);
  readonly unusable = $derived(this.material?.recordings.filter(({ reason }) => reason !== null) ?? []);
  readonly #app: App;
  readonly #lab: string;
  readonly #onCandidate: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(app: App, lab: string, onCandidate: () => void) {
    this.#app = app;
    this.#lab = lab;
    this.#onCandidate = onCandidate;
  }

  async load(): Promise<void> {
    const params = { path: { lab_id: this.#lab } };
    try {
      this.material = await body(this.#app.api.GET('/api/labs/{lab_id}/adaptations/material/', { params }));
      await this.#look();
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  async start(dishes: string[]): Promise<void> {
    const params = { path: { lab_id: this.#lab } };
    this.#take(
      await body(this.#app.api.POST('/api/labs/{lab_id}/adaptations/', { params, body: { dishes } })),
    );
    this.#lookLater();
  }

  async cancel(adaptation: Adaptation): Promise<void> {
    const params = { path: { adaptation_id: adaptation.id } };
    this.#take(await body(this.#app.api.POST('/api/adaptations/{adaptation_id}/cancel/', { params })));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const before = this.underWay;
    const params = { path: { lab_id: this.#lab } };
    const found = await body(this.#app.api.GET('/api/labs/{lab_id}/adaptations/', { params }));
    if (this.#isClosed) return;
    this.adaptations = found;
    if (before && found.some(({ id, state }) => id === before.id && state === 'finished'))
      this.#onCandidate();
    this.#lookLater();
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !this.underWay) return;
    // A server that is away for a moment is asked again; the live badge tells people that it is.
    this.#timer = setTimeout(() => void this.#look().catch(() => this.#lookLater()), LOOK_EVERY_MS);
  }

  #take(adaptation: Adaptation): void {
    this.adaptations = [adaptation, ...this.adaptations.filter(({ id }) => id !== adaptation.id)];
  }
}
