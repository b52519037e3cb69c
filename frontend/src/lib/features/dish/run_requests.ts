import { body } from '$lib/api/client';
import type { RunValue } from '$lib/api/types';
import type { DishPage } from './page.svelte';

/** What a person may ask about the runs of the open dish; the answers come back as live events. */
export class RunRequests {
  constructor(private readonly page: DishPage) {}

  /** Analyse the recording, with the weights in use or others. */
  async request(weights: string | null): Promise<void> {
    const { stack, app } = this.page;
    if (!stack) return;
    await this.#ask(() =>
      body(app.api.POST('/api/runs/', { body: { stack: stack.id, ...(weights ? { weights } : {}) } })),
    );
    // Somebody who asks for a run wants to see it, not the older one that was chosen.
    app.router.setQuery({ run: null });
    await this.page.load(null);
  }

  async cancel(run: RunValue): Promise<void> {
    const params = { path: { run_id: run.id } };
    await this.#ask(() => body(this.page.app.api.POST('/api/runs/{run_id}/cancel/', { params })));
  }

  async retry(run: RunValue): Promise<void> {
    const params = { path: { run_id: run.id } };
    await this.#ask(() => body(this.page.app.api.POST('/api/runs/{run_id}/retry/', { params })));
    await this.page.load(null);
  }

  async #ask(ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      this.page.app.report(error);
    }
  }
}
