import { expect, test } from 'vitest';
import { OneCheck } from './check.svelte';
import { somebody } from './fixtures';
import type { CheckDetail, Difference } from './types';

const difference = (number: number, verdict: Difference['verdict']): Difference =>
  ({
    number,
    verdict,
    set: 'usual',
    picture: 'p',
    place: 'A1',
    truth: null,
    before: null,
    after: null,
  }) as Difference;

const told = (state: CheckDetail['check']['state']) => ({
  check: { id: 'c', weights: 'w', state, cancel_requested: false, progress: null },
  result: null,
  differences: [difference(0, 'worse'), difference(1, 'worse'), difference(2, 'better')],
});

function opened(state: CheckDetail['check']['state'] = 'finished') {
  const server = { state };
  const { app, asked } = somebody(() => told(server.state));
  return { one: new OneCheck(app, 'c'), asked, server };
}

test('differences are gone through from end to end, and of one verdict if asked', async () => {
  const { one } = opened();
  await one.load();
  one.step(-1);
  expect(one.current?.number).toBe(0);
  for (const _ of [1, 2, 3, 4]) one.step(1);
  expect(one.current?.number).toBe(2);
  one.choose('worse');
  expect([one.at, one.shown.length, one.current?.number]).toEqual([0, 2, 0]);
  one.choose('other');
  expect(one.current).toBeNull();
});

test('progress is told by events alone, and the end is asked for', async () => {
  const { one, asked, server } = opened('running');
  await one.load();
  const news = { type: 'check.changed', check_id: 'c', weights_id: 'w', done: 3, total: 8 } as const;
  one.hear({ ...news, state: 'running', step: 'judging' });
  expect([one.told?.check.progress, asked.length]).toEqual([{ stage: 'judging', done: 3, total: 8 }, 1]);
  one.hear({ ...news, check_id: 'another', state: 'finished', step: null });
  expect(asked.length).toBe(1);
  server.state = 'finished';
  one.hear({ ...news, state: 'finished', step: null });
  await expect.poll(() => one.told?.check.state).toBe('finished');
  expect([one.isUnderWay, one.mayCancel]).toEqual([false, false]);
});
