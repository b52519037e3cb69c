import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { DataSet, Task } from './types';

/** The data sets of a lab, newest first. */
export class DataSets {
  all = $state.raw<DataSet[] | null>(null);
  refusal = $state.raw<Refusal | null>(null);
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
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/data-sets/', { params }));
      if (asked !== this.#asked) return;
      this.all = answer as DataSet[];
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  async make(name: string, task: Task): Promise<DataSet> {
    const params = { path: { lab_id: this.#app.lab?.id ?? '' } };
    const { api } = this.#app;
    return (await body(
      api.POST('/api/labs/{lab_id}/data-sets/', { params, body: { name, task } }),
    )) as DataSet;
  }

  hear(event: LiveEvent): void {
    if (event.type === 'data_set.changed') void this.load();
  }
}
