import createClient from 'openapi-fetch';
import { expect, test } from 'vitest';
import type { paths } from '$lib/api/schema';
import { Drafts } from '$lib/keeping/drafts';
import { shelf } from '$lib/keeping/shelf.fixture';
import { OneImport } from './one.svelte';
import type { LabelImport } from './types';

const read = (change: Partial<LabelImport> = {}): Partial<LabelImport> => ({
  id: 'i',
  state: 'previewed',
  step: 'reading',
  started_at: '2026-11-21T10:00:00Z',
  progress: { done: 1, total: 1 },
  mapping: { words: {}, wells_without_label: false },
  words: [{ text: 'пузырь', kind: 'choice', count: 3, meaning: null }],
  ...change,
});

/** A browser in which pages of the same import come and go, over what the server tells. */
function visits(user = () => 'ann') {
  const told = { it: read(), questions: 2 };
  const answer = (request: Request): unknown =>
    request.url.includes('/conflicts/') ? { results: [], count: told.questions } : told.it;
  const api = createClient<paths>({
    baseUrl: 'http://lab.example',
    fetch: (request) => Promise.resolve(Response.json(answer(request))),
  });
  const browser = shelf();
  return {
    told,
    async open(): Promise<OneImport> {
      const one = new OneImport({ api, drafts: new Drafts(user, browser) }, 'i');
      await one.load();
      return one;
    },
  };
}

test('what was said of words and questions is there after the page was closed', async () => {
  const { open } = visits();
  const before = await open();
  before.say('пузырь', 'content.gas');
  before.sayBare(true);
  before.answer('c1', 'keep');
  const after = await open();
  expect([after.rows[0]?.chosen, after.areBareWells, after.answers, after.left]).toEqual([
    'content.gas',
    true,
    { c1: 'keep' },
    1,
  ]);
  expect([after.isStale, after.restoredAt !== null]).toEqual([true, true]);
});

test('what was said about an earlier reading of the file is not laid over a later one', async () => {
  const { told, open } = visits();
  const one = await open();
  one.answer('c1', 'keep');
  told.it = read({ started_at: '2026-11-21T11:00:00Z' });
  const after = await open();
  expect([after.answers, after.restoredAt]).toEqual([{}, null]);
});

test('once the file was read with it, nothing waits here', async () => {
  const { told, open } = visits();
  const one = await open();
  one.say('пузырь', 'content.gas');
  told.it = read({ state: 'running' });
  await one.countAgain();
  expect(one.rows[0]?.chosen).toBe('content.gas');
  told.it = read({ mapping: { words: { пузырь: 'content.gas' }, wells_without_label: false } });
  await one.load();
  expect([one.said, one.isStale, (await open()).isStale]).toEqual([{}, false, false]);
});

test('what was restored can be discarded', async () => {
  const { open } = visits();
  (await open()).sayBare(true);
  const after = await open();
  after.giveUp();
  expect([after.areBareWells, after.isStale, (await open()).restoredAt]).toEqual([false, false, null]);
});
