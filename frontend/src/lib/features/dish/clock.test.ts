import { expect, test } from 'vitest';
import { Clock } from './clock';

const every = (minutes: number, frames: number, from = 0): number[] =>
  Array.from({ length: frames }, (_, frame) => from + (frame * minutes) / 60);

test('hours post insemination are preferred, then hours since the start, then frame numbers', () => {
  const since = every(10, 4);
  const none = [null, null, null, null];
  expect(new Clock({ hours_post_insemination: every(10, 4, 2), hours_since_start: since }, 4).kind).toBe(
    'hpi',
  );
  expect(new Clock({ hours_post_insemination: none, hours_since_start: since }, 4).kind).toBe('since_start');
  expect(new Clock({ hours_post_insemination: none, hours_since_start: none }, 4).kind).toBe('frames');
  expect(new Clock(null, 4).kind).toBe('frames');
});

test('an hour leads to the frame nearest to it', () => {
  const clock = new Clock({ hours_post_insemination: every(10, 600, 2), hours_since_start: [] }, 600);
  expect(clock.frameAt(2)).toBe(0);
  expect(clock.frameAt(26.04)).toBe(144);
  expect(clock.frameAt(1_000)).toBe(599);
});

test('ticks are round hours, and few', () => {
  const clock = new Clock({ hours_post_insemination: every(10, 721, 3), hours_since_start: [] }, 721);
  const ticks = clock.ticks();
  expect(ticks.map(({ value }) => value)).toEqual([24, 48, 72, 96, 120]);
  expect(ticks[0]?.frame).toBe(126);
});

test('without times the frames themselves are counted', () => {
  expect(new Clock(null, 45).ticks().map(({ frame }) => frame)).toEqual([4, 9, 14, 19, 24, 29, 34, 39, 44]);
});
