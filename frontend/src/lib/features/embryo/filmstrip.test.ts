import { expect, test } from 'vitest';
import { Clock } from '$lib/features/dish/clock';
import { Axis } from './axis';
import { clipFrames } from './clip';
import { laidUnder, stillAt, stillsOf } from './filmstrip';

const axis = (frames: number): Axis => new Axis(new Clock(null, frames), frames);
const onset = (phase: string, frame_index: number, is_censored = false) => ({
  phase,
  frame_index,
  is_censored,
});

test('stills lie evenly over the recording, the first and the last frame among them', () => {
  expect(stillsOf(axis(101), [], 5).map(({ frame }) => frame)).toEqual([0, 25, 50, 75, 100]);
  expect(stillsOf(axis(2), []).map(({ frame }) => frame)).toEqual([0, 1]);
  expect(stillsOf(axis(0), [])).toEqual([]);
});

test('every onset has its still, and takes the place of one right beside it', () => {
  const stills = stillsOf(axis(101), [onset('t2', 27), onset('t4', 38)], 5);
  expect(stills).toEqual([
    { frame: 0, onset: null },
    { frame: 27, onset: 't2' },
    { frame: 38, onset: 't4' },
    { frame: 50, onset: null },
    { frame: 75, onset: null },
    { frame: 100, onset: null },
  ]);
});

test('what began before the first frame has no onset to show', () => {
  expect(stillsOf(axis(11), [onset('tPNa', 0, true)], 2)).toEqual([
    { frame: 0, onset: null },
    { frame: 10, onset: null },
  ]);
});

test('a still is shown until the next one', () => {
  const stills = stillsOf(axis(101), [], 5);
  expect([0, 24, 25, 100].map((frame) => stillAt(stills, frame))).toEqual([0, 0, 1, 4]);
});

test('the well fills its window whatever its place and size', () => {
  const laid = laidUnder(100, { cx: 300, cy: 200, rx: 40, ry: 50 }, { width: 1000, height: 800 }, 1);
  expect(laid).toEqual({ width: 1000, height: 800, left: -250, top: -150 });
});

test('a clip shows the frames of its event, some around a short one, and fewer of a long one', () => {
  expect(clipFrames(10, 16, 100)).toEqual([10, 11, 12, 13, 14, 15, 16]);
  expect(clipFrames(10, 10, 100)).toEqual([8, 9, 10, 11, 12]);
  expect(clipFrames(0, 0, 3)).toEqual([0, 1, 2]);
  expect(clipFrames(0, 99, 100, 4)).toEqual([0, 33, 66, 99]);
  expect(clipFrames(98, 250, 100)).toEqual([96, 97, 98, 99]);
});
