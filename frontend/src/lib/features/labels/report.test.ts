import { expect, test } from 'vitest';
import { grouped, isAllHere, isEnded, stageOf, willWrite } from './report';

test('remarks of one kind stand together, the most frequent kind first, with the first places of each', () => {
  const remarks = ['a', 'b', 'b', 'b'].map((code, n) => ({ place: `task ${n}`, code, detail: '' }));
  const groups = grouped(remarks, 2);
  expect(groups.map(({ code, total, shown }) => [code, total, shown.length])).toEqual([
    ['b', 3, 2],
    ['a', 1, 1],
  ]);
  expect(groups[0]?.shown[0]?.place).toBe('task 1');
});

test('an import goes from reading over its meaning and its conflicts to being there', () => {
  expect(stageOf({ state: 'queued', step: 'reading' }, false)).toBe('read');
  expect(stageOf({ state: 'previewed', step: 'reading' }, false)).toBe('map');
  expect(stageOf({ state: 'previewed', step: 'reading' }, true)).toBe('conflicts');
  expect(stageOf({ state: 'running', step: 'importing' }, false)).toBe('done');
  expect(stageOf({ state: 'finished', step: 'importing' }, false)).toBe('done');
  expect(stageOf({ state: 'failed', step: 'importing' }, false)).toBeNull();
});

test('what failed or was cancelled has ended, what waits for a person has not', () => {
  expect(isEnded({ state: 'failed' })).toBe(true);
  expect(isEnded({ state: 'previewed' })).toBe(false);
});

test('what is here already is not written again, what changed is', () => {
  const none = { created: 0, matched: 3, changed: 0 };
  const plan = {
    tasks: none,
    annotations: { created: 2, matched: 1, changed: 1 },
    predictions: none,
    drafts: none,
  };
  expect(willWrite({ plan }, 'annotations')).toBe(3);
  expect(isAllHere({ plan })).toBe(false);
  expect(isAllHere({ plan: { ...plan, annotations: none } })).toBe(true);
});
