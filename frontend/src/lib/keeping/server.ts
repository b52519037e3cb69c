import { body } from '$lib/api/client';
import { unreachable } from '$lib/api/refusal';
import type { Change } from './edits';

/** What the server keeps by versions, read and written field by field. */
export interface Server<Known> {
  load(): Promise<Known>;
  change(version: number, changes: Change[]): Promise<Known>;
}

/** The server's answer to a write that knew an older version: the thing as it is now. */
export class ChangedMeanwhile<Known> extends Error {
  constructor(readonly current: Known) {
    super('changed meanwhile');
  }
}

export const tag = (version: number) => ({ 'If-Match': `"${version}"` });

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The thing of an answer; where somebody changed it meanwhile, the refusal brings it as it is now. */
export async function told<Known>(asked: Promise<Answer>): Promise<Known> {
  const answer = await asked.catch(() => {
    throw unreachable();
  });
  const current =
    answer.response.status === 412 ? (answer.error as { current?: Known } | undefined)?.current : null;
  if (current) throw new ChangedMeanwhile(current);
  return (await body(Promise.resolve(answer))) as Known;
}
