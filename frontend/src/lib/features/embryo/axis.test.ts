import { expect, test } from 'vitest';
import { Clock } from '$lib/features/dish/clock';
import { Axis } from './axis';

const hpi = (hours: (number | null)[]): Axis =>
  new Axis(new Clock({ hours_post_insemination: hours, hours_since_start: [] }, hours.length), hours.length);

test('frames lie at their real hours, so a pause in the recording is a gap', () => {
  const axis = hpi([10, 11, 18, 20]);
  expect([0, 1, 2, 3].map((frame) => axis.at(frame))).toEqual([0, 0.1, 0.8, 1]);
  expect(axis.frameAt(0.3)).toBe(1);
  expect(axis.frameAt(0.6)).toBe(2);
  expect(axis.frameAt(2)).toBe(3);
});

test('a frame without a time lies between its neighbours, and none runs backwards', () => {
  expect([0, 1, 2].map((frame) => hpi([0, null, 4]).at(frame))).toEqual([0, 0.5, 1]);
  expect(hpi([0, 3, 2, 4]).at(2)).toBe(0.75);
  expect(hpi([null, 0, 4, null]).at(3)).toBe(1);
});

test('bounds are hours where the onset has hours, and frame numbers where it has none', () => {
  const timed = { frame_index: 1, hours_post_insemination: 12 };
  expect(hpi([10, 12, 14, 20]).ofBound(15, timed)).toBe(0.5);
  expect(hpi([10, 12, 14, 20]).ofBound(5, timed)).toBe(0);
  const since = new Axis(
    new Clock({ hours_post_insemination: [null, null], hours_since_start: [0, 2] }, 2),
    2,
  );
  expect(since.ofBound(0.5, { frame_index: 0, hours_post_insemination: null })).toBe(0.5);
});

test('without any time the frames are counted', () => {
  const axis = new Axis(new Clock(null, 11), 11);
  expect(axis.isHours).toBe(false);
  expect(axis.at(5)).toBe(0.5);
  expect(axis.frameAt(0.52)).toBe(5);
  expect(axis.ofBound(2.5, { frame_index: 2, hours_post_insemination: null })).toBe(0.25);
});
