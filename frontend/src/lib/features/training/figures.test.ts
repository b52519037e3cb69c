import { expect, test } from 'vitest';
import { figuresOf, picturesOf, verdictOf } from './figures';
import type { Contender, Final } from './types';

const phases = {
  pictures: 40,
  accuracy3: 0.8,
  accuracy3_interval: [0.7, 0.9],
  f1_3: 0.7,
  accuracy4: 0.6,
  confusion: [],
};
const candidate: Contender = { role: 'candidate', name: 'new', phases, wells: null };
const active: Contender = { role: 'active', name: 'old', phases: { ...phases, accuracy3: 0.7 }, wells: null };

test('the main figure comes first, with its interval, and figures of the other recipe are left out', () => {
  const rows = figuresOf([candidate, active], 'accuracy3');
  expect(rows.map(({ key }) => key)).toEqual(['accuracy3', 'f1_3', 'accuracy4']);
  expect(rows[0]).toMatchObject({
    isMain: true,
    values: [0.8, 0.7],
    intervals: [
      [0.7, 0.9],
      [0.7, 0.9],
    ],
  });
});

test('a contender without a figure has a gap', () => {
  const baseline: Contender = { role: 'baseline', name: '', phases: null, wells: null };
  expect(figuresOf([candidate, baseline], 'accuracy3')[0]?.values).toEqual([0.8, null]);
});

test('a difference says something only where zero lies outside its interval', () => {
  const of = (low: number, high: number) =>
    verdictOf({ against: 'active', value: (low + high) / 2, low, high });
  expect([of(0.01, 0.1), of(-0.1, -0.01), of(-0.01, 0.1)]).toEqual(['better', 'worse', 'unclear']);
  expect(of(0, 0)).toBe('unclear');
});

test('a difference without an interval of its own is too little to tell anything', () => {
  expect(verdictOf({ against: 'baseline', value: 0.556, low: 0.556, high: 0.556 })).toBe('few');
});

test('the judgement tells over how many pictures it is', () => {
  const final = { contenders: [candidate] } as unknown as Final;
  expect(picturesOf(final)).toBe(40);
});
