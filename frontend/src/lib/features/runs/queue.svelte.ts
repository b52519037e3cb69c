import { body } from '$lib/api/client';
import type { LiveEvent, RunValue } from '$lib/api/types';
import type { App } from '$lib/app.svelte';

const UNDER_WAY = new Set(['queued', 'running']);
const GIVEN_UP = new Set(['failed', 'quarantined']);

export const isUnderWay = (run: Pick<RunValue, 'state'>): boolean => UNDER_WAY.has(run.state);
export const isGivenUp = (run: Pick<RunValue, 'state'>): boolean => GIVEN_UP.has(run.state);
/** A run that ended without a result may be asked for again. */
export const mayRetry = (run: Pick<RunValue, 'state'>): boolean =>
  isGivenUp(run) || run.state === 'cancelled';

/** The lab's runs that are under way or that gave up, newest first. */
export class Queue {
  #runs = $state.raw<RunValue[]>([]);
  readonly underWay: RunValue[] = $derived(this.#runs.filter(isUnderWay));
  readonly givenUp: RunValue[] = $derived(
    this.#runs.filter(
      (run) =>
        isGivenUp(run) &&
        !this.#runs.some((other) => other.stack === run.stack && other.created_at > run.created_at),
    ),
  );
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    try {
      const query = { lab, page_size: 100 };
      this.#runs = (await body(this.#app.api.GET('/api/runs/', { params: { query } }))).results;
    } catch (error) {
      this.#app.report(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'run.changed') this.#take(event.run);
    if (event.type === 'dish.changed') this.#rename(event.dish_id, event.label);
  }

  async cancel(run: RunValue): Promise<void> {
    await this.#ask(
      this.#app.api.POST('/api/runs/{run_id}/cancel/', { params: { path: { run_id: run.id } } }),
    );
  }

  async retry(run: RunValue): Promise<void> {
    await this.#ask(
      this.#app.api.POST('/api/runs/{run_id}/retry/', { params: { path: { run_id: run.id } } }),
    );
  }

  async #ask(asked: Parameters<typeof body<RunValue>>[0]): Promise<void> {
    try {
      this.#take(await body(asked));
    } catch (error) {
      this.#app.report(error);
    }
  }

  #rename(dish: string, label: string): void {
    this.#runs = this.#runs.map((run) => (run.dish === dish ? { ...run, dish_label: label } : run));
  }

  #take(run: RunValue): void {
    this.#runs = [...this.#runs.filter((other) => other.id !== run.id), run].sort((a, b) =>
      a.created_at < b.created_at ? 1 : -1,
    );
  }
}
