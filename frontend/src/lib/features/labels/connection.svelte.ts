import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import type { ConnectionState, Sync } from './types';

export const isGoingOn = ({ state }: Pick<Sync, 'state'>): boolean =>
  state === 'queued' || state === 'running';

/** A lab's own Label Studio server: where it is, whether it answers, and what was exchanged. */
export class Connecting {
  state = $state.raw<ConnectionState | null>(null);
  syncs = $state.raw<Sync[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  readonly asking = new Asking();
  readonly underWay = $derived(this.syncs.find(isGoingOn) ?? null);
  readonly connection = $derived(this.state?.connection ?? null);
  readonly #app: App;
  readonly #params: { path: { lab_id: string } };

  constructor(app: App, lab: string) {
    this.#app = app;
    this.#params = { path: { lab_id: lab } };
  }

  async load(): Promise<void> {
    const { api } = this.#app;
    const params = this.#params;
    try {
      [this.state, this.syncs] = await Promise.all([
        body(api.GET('/api/labs/{lab_id}/label-connection/', { params })),
        body(api.GET('/api/labs/{lab_id}/label-syncs/', { params })),
      ]);
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'label_sync.changed') return;
    const known = this.syncs.find(({ id }) => id === event.sync_id);
    const progress = { done: event.done, total: event.total };
    if (!known || known.state !== event.state) void this.load();
    else this.syncs = this.syncs.map((sync) => (sync === known ? { ...sync, progress } : sync));
  }

  /** Without a token the one that is kept stays. */
  set(address: string, token: string): Promise<boolean> {
    return this.asking.run(async () => {
      this.state = await body(
        this.#app.api.PUT('/api/labs/{lab_id}/label-connection/', {
          params: this.#params,
          body: { address, token: token || null },
        }),
      );
    });
  }

  remove(): Promise<boolean> {
    return this.asking.run(async () => {
      await body(this.#app.api.DELETE('/api/labs/{lab_id}/label-connection/', { params: this.#params }));
      await this.load();
    });
  }

  check(): Promise<boolean> {
    return this.#ask(() =>
      this.#app.api.POST('/api/labs/{lab_id}/label-connection/check/', { params: this.#params }),
    );
  }

  pull(project: number, pictures: boolean): Promise<boolean> {
    const asked = { params: this.#params, body: { project, pictures } };
    return this.#ask(() => this.#app.api.POST('/api/labs/{lab_id}/label-connection/pull/', asked));
  }

  push(project: number, dishes: string[], stills: boolean): Promise<boolean> {
    const asked = { params: this.#params, body: { project, dishes, stills } };
    return this.#ask(() => this.#app.api.POST('/api/labs/{lab_id}/label-connection/push/', asked));
  }

  cancel(sync: Sync): Promise<boolean> {
    const params = { path: { sync_id: sync.id } };
    return this.#ask(() => this.#app.api.POST('/api/label-syncs/{sync_id}/cancel/', { params }));
  }

  #ask(ask: () => Parameters<typeof body<Sync>>[0]): Promise<boolean> {
    return this.asking.run(async () => {
      const sync = await body(ask());
      this.syncs = [sync, ...this.syncs.filter(({ id }) => id !== sync.id)];
    });
  }
}
