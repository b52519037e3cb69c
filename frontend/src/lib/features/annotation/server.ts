import { body, type Api } from '$lib/api/client';
import { unreachable } from '$lib/api/refusal';
import type { ReadingValue } from '$lib/api/types';
import type { Change } from './edits';
import { ChangedMeanwhile, type ReadingServer } from './reading.svelte';

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

export const tag = (version: number) => ({ 'If-Match': `"${version}"` });

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

/** The reading of an answer; where somebody changed it meanwhile, the refusal brings it as it is now. */
async function told(asked: Promise<Answer>): Promise<ReadingValue> {
  const answer = await asked.catch(() => {
    throw unreachable();
  });
  const current =
    answer.response.status === 412 ? (answer.error as { current?: ReadingValue }).current : null;
  if (current) throw new ChangedMeanwhile(current);
  return (await body(Promise.resolve(answer))) as ReadingValue;
}
