import { body, type Api } from '$lib/api/client';
import { unreachable } from '$lib/api/refusal';
import type { CorrectionValue } from '$lib/api/types';
import type { Change } from '$lib/features/annotation/edits';
import { tag } from '$lib/features/annotation/server';

/** The server's answer to a write that knew an older version: the corrections as they are now. */
export class CorrectedMeanwhile extends Error {
  constructor(readonly current: CorrectionValue) {
    super('corrected meanwhile');
  }
}

export interface CorrectionServer {
  load(): Promise<CorrectionValue>;
  change(version: number, changes: Change[]): Promise<CorrectionValue>;
}

/** What a lab put right about the dish of a recording, over REST. */
export class RestCorrections implements CorrectionServer {
  readonly #api: Api;
  readonly #path: { stack_id: string };

  constructor(api: Api, stack: string) {
    this.#api = api;
    this.#path = { stack_id: stack };
  }

  async load(): Promise<CorrectionValue> {
    const asked = this.#api.GET('/api/stacks/{stack_id}/corrections/', { params: { path: this.#path } });
    return (await body(asked)) as CorrectionValue;
  }

  async change(version: number, changes: Change[]): Promise<CorrectionValue> {
    const answer = await this.#api
      .PATCH('/api/stacks/{stack_id}/corrections/', {
        params: { path: this.#path, header: tag(version) },
        body: { changes },
        // Sent even where the tab closes right after the last key.
        keepalive: true,
      })
      .catch(() => {
        throw unreachable();
      });
    const current = answer.response.status === 412 && (answer.error as { current?: CorrectionValue }).current;
    if (current) throw new CorrectedMeanwhile(current);
    return (await body(Promise.resolve(answer))) as CorrectionValue;
  }
}
