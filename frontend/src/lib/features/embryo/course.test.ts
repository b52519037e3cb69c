import { expect, test } from 'vitest';
import {
  callAt,
  nextUnsure,
  sampled,
  spansOf,
  stageSpans,
  troubleSpans,
  unsurePlaces,
  withNews,
} from './course';
import type { CalledFrames } from './profile';

function called(confidence: number[], every = 1, more: Partial<CalledFrames> = {}): CalledFrames {
  return {
    frame_index: confidence.map((_, place) => place * every),
    hours_post_insemination: confidence.map(() => null),
    stage: confidence.map(() => 't2'),
    confidence,
    is_decoded: confidence.map(() => true),
    focus: confidence.map(() => 1),
    is_dark: confidence.map(() => false),
    is_out_of_view: confidence.map(() => false),
    probabilities: confidence.map(() => []),
    ...more,
  };
}

test('a frame between two calls belongs to the earlier one, a frame before all to none', () => {
  expect([4, 5, 9, 10, 99].map((frame) => callAt([5, 10, 20], frame))).toEqual([-1, 0, 0, 1, 2]);
  expect(callAt([], 3)).toBe(-1);
});

test('a stage lasts until the next one begins', () => {
  expect(spansOf([0, 5, 10, 15], ['t2', 't2', 't4', 't2'])).toEqual([
    { value: 't2', first: 0, last: 9 },
    { value: 't4', first: 10, last: 14 },
    { value: 't2', first: 15, last: 15 },
  ]);
  const coarse = stageSpans(called([1, 1, 1], 1, { stage: ['t2', 't3', 'tM'] }), (stage) =>
    stage === 'tM' ? 'late' : 'early',
  );
  expect(coarse.map(({ value, first, last }) => [value, first, last])).toEqual([
    ['early', 0, 1],
    ['late', 2, 2],
  ]);
});

test('what hides an embryo is told with its worst reason', () => {
  const calls = called([1, 1, 1, 1, 1], 1, {
    is_out_of_view: [false, true, false, false, false],
    is_dark: [false, true, true, false, false],
    focus: [1, 0, 0, 0.2, 0.9],
  });
  expect(troubleSpans(calls)).toEqual([
    { value: 'out_of_view', first: 1, last: 1 },
    { value: 'dark', first: 2, last: 2 },
    { value: 'poor_focus', first: 3, last: 3 },
  ]);
});

test('each unsure stretch is visited at its least sure frame, in turn and around the corner', () => {
  const calls = called([0.9, 0.6, 0.4, 0.65, 0.9, 0.9, 0.69, 0.95], 10);
  expect(unsurePlaces(calls).map(({ first, last, least }) => [first, last, least])).toEqual([
    [10, 39, 20],
    [60, 69, 60],
  ]);
  expect(nextUnsure(calls, 0)).toBe(20);
  expect(nextUnsure(calls, 20)).toBe(60);
  expect(nextUnsure(calls, 60)).toBe(20);
  expect(nextUnsure(calls, 60, -1)).toBe(20);
  expect(nextUnsure(calls, 20, -1)).toBe(60);
  expect(nextUnsure(called([0.9, 0.8]), 0)).toBeNull();
});

test('a drawing takes no more calls than it has pixels, and always both ends', () => {
  expect(sampled(called(Array.from({ length: 7 }, () => 1)), 3)).toEqual([0, 3, 6]);
  expect(sampled(called([1, 1]), 3)).toEqual([0, 1]);
});

test('what single frames tell comes after the calls, and is marked as such', () => {
  const news = [9, 10, 11].map((frame_index) => ({
    frame_index,
    hours_post_insemination: null,
    stage: 't4' as const,
    coarse: 'cleavage' as const,
    confidence: 0.5,
  }));
  const calls = called([0.9, 0.9, 0.9], 5);
  const merged = withNews(calls, news);
  expect(merged?.frame_index).toEqual([0, 5, 10, 11]);
  expect(merged?.stage).toEqual(['t2', 't2', 't2', 't4']);
  expect(merged?.is_decoded).toEqual([true, true, true, false]);
  expect(withNews(calls, [])).toBe(calls);
  expect(withNews(null, news)?.frame_index).toEqual([9, 10, 11]);
  expect(withNews(null, [])).toBeNull();
});
