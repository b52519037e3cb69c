import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import type { Shadow, ShadowReport } from './types';

type ShadowChanged = Extract<LiveEvent, { type: 'shadow.changed' }>;

/** The same list with what an event told of one of them; null where it has to be asked for anew. */
export function advanced(
  all: readonly Shadow[],
  { shadow_id, state, runs_done }: ShadowChanged,
): Shadow[] | null {
  const isKnown = all.some(({ id, state: before }) => id === shadow_id && before === state);
  if (!isKnown) return null;
  return all.map((one) => (one.id === shadow_id ? { ...one, runs_done } : one));
}

/** Detectors that run or ran beside those in use, newest first. */
export class Shadows {
  all = $state.raw<Shadow[] | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly #app: App;
  readonly #lab: string;

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
  }

  async load(): Promise<void> {
    try {
      const params = { path: { lab_id: this.#lab } };
      this.all = await body(this.#app.api.GET('/api/labs/{lab_id}/shadows/', { params }));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'shadow.changed' || !this.all) return;
    const all = advanced(this.all, event);
    if (all) this.all = all;
    else void this.load();
  }

  /** Without a number, as many as the lab's settings say. */
  async start(weights: string, runs: number | null): Promise<Shadow> {
    const params = { path: { lab_id: this.#lab } };
    const asked = { params, body: { weights, runs } };
    return body(this.#app.api.POST('/api/labs/{lab_id}/shadows/', asked));
  }
}

/** One of them, with its report. */
export class OneShadow {
  told = $state.raw<ShadowReport | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly asking = new Asking();
  readonly #app: App;
  readonly #id: string;

  constructor(app: App, id: string) {
    this.#app = app;
    this.#id = id;
  }

  async load(): Promise<void> {
    try {
      const params = { path: { shadow_id: this.#id } };
      this.told = await body(this.#app.api.GET('/api/shadows/{shadow_id}/', { params }));
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'shadow.changed' && event.shadow_id === this.#id) void this.load();
  }

  async stop(): Promise<void> {
    await this.asking.run(async () => {
      const params = { path: { shadow_id: this.#id } };
      await body(this.#app.api.POST('/api/shadows/{shadow_id}/stop/', { params }));
      await this.load();
    });
  }
}
