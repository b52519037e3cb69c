import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Admission, AdmissionChoices, Mapping } from './types';

type AdmissionChanged = Extract<LiveEvent, { type: 'admission.changed' }>;

/** Files of weights that were brought to a lab, and what may be brought. */
export class Admissions {
  all = $state.raw<Admission[] | null>(null);
  choices = $state.raw<AdmissionChoices | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly #app: App;
  readonly #lab: string;
  #asked = 0;

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#lab = lab;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    const params = { path: { lab_id: this.#lab } };
    try {
      const [all, choices] = await Promise.all([
        body(this.#app.api.GET('/api/labs/{lab_id}/admissions/', { params })),
        body(this.#app.api.GET('/api/labs/{lab_id}/admissions/choices/', { params })),
      ]);
      if (asked !== this.#asked) return;
      this.all = all as Admission[];
      this.choices = choices;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'admission.changed') this.#advance(event);
  }

  /** Take over what the server answered about one of them. */
  take(admission: Admission): void {
    this.all = [admission, ...(this.all ?? []).filter(({ id }) => id !== admission.id)].sort((a, b) =>
      b.created_at.localeCompare(a.created_at),
    );
  }

  async answer({ id }: Admission, mapping: Mapping): Promise<void> {
    const params = { path: { admission_id: id } };
    const asked = { params, body: { mapping } };
    this.take((await body(this.#app.api.POST('/api/admissions/{admission_id}/answer/', asked))) as Admission);
  }

  async cancel({ id }: Admission): Promise<void> {
    const params = { path: { admission_id: id } };
    this.take(
      (await body(this.#app.api.POST('/api/admissions/{admission_id}/cancel/', { params }))) as Admission,
    );
  }

  #advance({ admission_id, state, stage }: AdmissionChanged): void {
    const one = this.all?.find(({ id }) => id === admission_id);
    // What it ended in, or asks, is more than the event tells.
    if (one?.state !== state) void this.load();
    else this.take({ ...one, stage });
  }
}
