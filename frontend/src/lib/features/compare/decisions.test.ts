import { expect, test } from 'vitest';
import type { Api } from '$lib/api/client';
import { DecisionBook } from './decisions.svelte';
import type { Decision } from './types';

const item = { dish: 'd', place: 'A1' };
const decision = (version: number, value: Decision['value']): Decision => ({
  ...item,
  version,
  value,
  reason: '',
  by_name: null,
  at: null,
  history: [],
});

/** A server that knows one decision, and counts how often it is asked. */
function server(known: Decision): { api: Api; asked: () => number } {
  let count = 0;
  const GET = (): Promise<unknown> => {
    count += 1;
    return Promise.resolve({ data: [known], response: new Response() });
  };
  return { api: { GET } as unknown as Api, asked: () => count };
}

test('an answer that comes late does not undo a newer decision', () => {
  const book = new DecisionBook(server(decision(0, 'undecided')).api);
  book.put([decision(3, 'freeze')]);
  book.put([decision(2, 'transfer')]);
  expect(book.of(item)?.value).toBe('freeze');
});

test('news of a decision is asked for once, and not at all where it is one’s own', async () => {
  const { api, asked } = server(decision(2, 'avoid'));
  const book = new DecisionBook(api);
  await book.hear({ ...item, version: 2 });
  expect(book.of(item)?.value).toBe('avoid');
  await book.hear({ ...item, version: 2 });
  expect(asked()).toBe(1);
});
