import { expect, test } from 'vitest';
import { accuracyOf, costOf, gainOf, honestyOf, setsOf, verdictOf } from './judged';
import { curvesOf } from './reliability';
import type { Judged } from './types';

const judged = (change: Partial<Judged> = {}): Judged => ({
  name: 'w',
  sets: { usual: { pictures: 4, recall: 0.9, false_alarms: 2 }, labels: { pictures: 2, recall: 0.5 } },
  calibration: {
    renderings: {
      answers: 10,
      ece: 0.02,
      brier: 0.1,
      curve: [
        { from: 0.8, to: 0.9, answers: 4, confidence: 0.85, right: 0.8 },
        { from: 0.9, to: 1, answers: 6, confidence: 0.95, right: 1 },
      ],
    },
  },
  per_s: 100,
  peak_mib: 300,
  ...change,
});

test('the lab’s own labels come first', () => {
  expect(setsOf(judged(), null)).toEqual(['labels', 'usual']);
});

test('fewer false alarms are better, and what only one side has is not compared', () => {
  const before = judged({ sets: { usual: { pictures: 4, false_alarms: 5 } } });
  expect(accuracyOf('usual', judged(), before).map(({ name, change }) => [name, change])).toEqual([
    ['recall', null],
    ['false_alarms', 'better'],
  ]);
});

test('a higher error of confidence and more memory are worse, more speed is better', () => {
  const before = judged({ per_s: 60, peak_mib: 250 });
  before.calibration['renderings'] = { answers: 9, ece: 0.01, brier: 0.1, curve: [] };
  expect(honestyOf('renderings', judged(), before).map(({ change }) => change)).toEqual(['worse', null]);
  expect(costOf(judged(), before).map(({ change }) => change)).toEqual(['better', 'worse']);
});

test('both curves stand over the same confidences, with a gap where one has no answers', () => {
  const before = judged();
  before.calibration['renderings'] = {
    answers: 3,
    ece: 0,
    brier: 0,
    curve: [{ from: 0.9, to: 1, answers: 3, confidence: 0.92, right: 0.7 }],
  };
  expect(curvesOf('renderings', judged(), before)).toEqual([
    [0, 0.85, 0.92, 0.95, 1],
    [null, 0.8, null, 1, null],
    [null, null, 0.7, null, null],
  ]);
});

test('what reads alike is the same, and so are speeds that wander', () => {
  const before = judged({ sets: { usual: { pictures: 4, recall: 0.9003, false_alarms: 2 } } });
  before.per_s = 120;
  before.peak_mib = 299.6;
  const rows = [...accuracyOf('usual', judged(), before), ...costOf(judged(), before)];
  expect(rows.map(({ change }) => change)).toEqual([null, null, null, null]);
});

test('a gain is more than chance where its whole interval lies on one side', () => {
  const gain = { set: 'usual' as const, pictures: 60, answers: 900, gain: 0.01, low: 0.002, high: 0.02 };
  expect(verdictOf(gain)).toBe('better');
  expect(verdictOf({ ...gain, low: -0.002 })).toBe('chance');
  expect(verdictOf({ ...gain, gain: -0.01, low: -0.02, high: -0.001 })).toBe('worse');
  expect([gainOf('usual', [gain]), gainOf('hard', [gain])]).toEqual([gain, null]);
});
