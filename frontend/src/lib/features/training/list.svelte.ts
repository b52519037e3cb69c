import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Asked, Choices, Training } from './types';

/** The trainings of a lab, newest first, and what a new one may be made of. */
export class Trainings {
  all = $state.raw<Training[] | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  choices = $state.raw<Choices | null>(null);
  readonly #app: App;
  #asked = 0;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const asked = ++this.#asked;
    try {
      const params = { path: { lab_id: lab } };
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/trainings/', { params }));
      if (asked !== this.#asked) return;
      this.all = answer;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  /** What a new training may be made of. */
  async loadChoices(): Promise<void> {
    const params = { path: { lab_id: this.#app.lab?.id ?? '' } };
    this.choices = await body(this.#app.api.GET('/api/labs/{lab_id}/trainings/choices/', { params }));
  }

  /** Without weights to go on from, those in use; without steps, the recipe's own. */
  async start(asked: Asked): Promise<Training> {
    const params = { path: { lab_id: this.#app.lab?.id ?? '' } };
    return body(this.#app.api.POST('/api/labs/{lab_id}/trainings/', { params, body: asked }));
  }

  hear(event: LiveEvent): void {
    const isNews =
      event.type === 'training.finished' ||
      // Of one that goes on, only its beginning is told in a list.
      (event.type === 'training.progress' &&
        this.all?.find(({ id }) => id === event.training_id)?.state !== event.state);
    if (isNews) void this.load();
  }
}
