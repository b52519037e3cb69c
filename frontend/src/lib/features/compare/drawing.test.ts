import { expect, test } from 'vitest';
import { cutOf } from './drawing';

const well = { cx: 500, cy: 300, rx: 100, ry: 90 };
const picture = { width: 1000, height: 800 };

test('a well is cut around its middle', () => {
  const { x, y, side } = cutOf(well, picture, picture);
  expect([x + side / 2, y + side / 2]).toEqual([500, 300]);
  expect(side).toBeCloseTo(136);
});

test('a smaller rendering shows the same part of the dish', () => {
  const [whole, small] = [cutOf(well, picture, picture), cutOf(well, picture, { width: 250, height: 200 })];
  expect([small.x * 4, small.y * 4, small.side * 4]).toEqual([whole.x, whole.y, whole.side]);
});
