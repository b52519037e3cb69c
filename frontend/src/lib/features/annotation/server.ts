import type { Api } from '$lib/api/client';
import type { ReadingValue } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import { tag, told } from '$lib/keeping/server';
import type { ReadingServer } from './reading.svelte';

/** My reading of one embryo, over REST. */
export class RestReading implements ReadingServer {
  readonly #api: Api;
  readonly #path: { stack_id: string; place: string };

  constructor(api: Api, stack: string, place: string) {
    this.#api = api;
    this.#path = { stack_id: stack, place };
  }

  load(): Promise<ReadingValue> {
    return told(this.#api.GET('/api/readings/{stack_id}/{place}/', { params: { path: this.#path } }));
  }

  change(version: number, changes: Change[], seconds: number): Promise<ReadingValue> {
    return told(
      this.#api.PATCH('/api/readings/{stack_id}/{place}/', {
        params: { path: this.#path, header: tag(version) },
        body: { changes, seconds_spent: seconds },
        // Sent even where the tab closes right after the last key.
        keepalive: true,
      }),
    );
  }

  submit(version: number, seconds: number): Promise<ReadingValue> {
    return told(
      this.#api.POST('/api/readings/{stack_id}/{place}/submit/', {
        params: { path: this.#path, header: tag(version) },
        body: { seconds_spent: seconds },
      }),
    );
  }
}
