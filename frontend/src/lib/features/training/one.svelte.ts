import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import { grown } from './series';
import type { Training } from './types';

type TrainingProgress = Extract<LiveEvent, { type: 'training.progress' }>;

/** One training, live: its curves grow while it is watched. */
export class OneTraining {
  it = $state.raw<Training | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly asking = new Asking();
  readonly isUnderWay = $derived(this.it?.state === 'queued' || this.it?.state === 'running');
  readonly mayStop = $derived(this.it?.state === 'running' && !this.it.stop_requested && !this.asking.isBusy);
  readonly mayResume = $derived(Boolean(this.it?.is_resumable) && !this.isUnderWay && !this.asking.isBusy);
  readonly mayCancel = $derived(this.isUnderWay && !this.it?.cancel_requested && !this.asking.isBusy);
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
      const params = { path: { training_id: this.#id } };
      const it = await body(this.#app.api.GET('/api/trainings/{training_id}/', { params }));
      if (asked !== this.#asked) return;
      this.it = it;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'training.progress' && event.training_id === this.#id) this.#advance(event);
    else if (event.type === 'training.finished' && event.training_id === this.#id) void this.load();
  }

  /** Keep the checkpoint and let it rest. */
  stop(): Promise<boolean> {
    return this.#ask('/api/trainings/{training_id}/stop/');
  }

  resume(): Promise<boolean> {
    return this.#ask('/api/trainings/{training_id}/resume/');
  }

  cancel(): Promise<boolean> {
    return this.#ask('/api/trainings/{training_id}/cancel/');
  }

  #advance({ state, stage, done, total, minutes, estimate_s, points }: TrainingProgress): void {
    const { it } = this;
    if (!it || (it.state !== state && it.state !== 'queued')) {
      void this.load();
      return;
    }
    const progress = stage && { stage, done, total, minutes, estimate_s };
    this.it = { ...it, state, progress, curve: grown(it.curve, points) };
  }

  #ask(
    path:
      | '/api/trainings/{training_id}/stop/'
      | '/api/trainings/{training_id}/resume/'
      | '/api/trainings/{training_id}/cancel/',
  ): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { training_id: this.#id } };
      this.it = await body(this.#app.api.POST(path, { params }));
    });
  }
}
