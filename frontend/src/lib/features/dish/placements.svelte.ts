import { body, type Api } from '$lib/api/client';
import { placementOf, type Placement } from './geometry';

/** How the dish lay in every analysed frame of a run; fetched in pieces as the run goes on. */
export class PlacementRows {
  rows = $state.raw<Placement[]>([]);
  readonly #api: Api;
  #runId: string | null = null;
  #isAsking = false;
  #wanted = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  at(frame: number): Placement | undefined {
    return this.rows[frame];
  }

  /** Hold the rows of this run and, as far as they exist, up to this frame. */
  want(runId: string | null, frames: number): void {
    if (runId !== this.#runId || frames < this.rows.length) {
      this.#runId = runId;
      this.rows = [];
    }
    this.#wanted = frames;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#runId && this.rows.length < this.#wanted) {
        const [id, from] = [this.#runId, this.rows.length];
        const params = { path: { run_id: id }, query: { from } };
        const answer = await body(this.#api.GET('/api/runs/{run_id}/placements/', { params }));
        if (id !== this.#runId) continue; // another run is shown by now
        // Later rows may come again; those before a gap must not move.
        const kept = this.rows.slice(0, answer.first_frame);
        if (answer.rows.length === 0 || kept.length < answer.first_frame) return;
        this.rows = [...kept, ...answer.rows.map(placementOf)];
      }
    } catch {
      // The next news of the run asks again; until then the frames show as not analysed.
    } finally {
      this.#isAsking = false;
    }
  }
}
