import type { Api } from '$lib/api/client';
import type { CorrectionValue } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import { tag, told, type Server } from '$lib/keeping/server';

/** What a lab put right about the dish of a recording, over REST. */
export class RestCorrections implements Server<CorrectionValue> {
  readonly #api: Api;
  readonly #path: { stack_id: string };

  constructor(api: Api, stack: string) {
    this.#api = api;
    this.#path = { stack_id: stack };
  }

  load(): Promise<CorrectionValue> {
    return told(this.#api.GET('/api/stacks/{stack_id}/corrections/', { params: { path: this.#path } }));
  }

  change(version: number, changes: Change[]): Promise<CorrectionValue> {
    return told(
      this.#api.PATCH('/api/stacks/{stack_id}/corrections/', {
        params: { path: this.#path, header: tag(version) },
        body: { changes },
        // Sent even where the tab closes right after the last key.
        keepalive: true,
      }),
    );
  }
}
