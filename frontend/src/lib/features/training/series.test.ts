import { expect, test } from 'vitest';
import { bestOf, grown, inOrder } from './series';
import type { CurvePoint } from './types';

const point = (step: number, loss: number, validation: number | null = null): CurvePoint => ({
  step,
  loss,
  validation,
});

test('a resumed training tells steps again, and the later word counts', () => {
  const points = [point(1, 2), point(2, 1.5), point(2, 1.4), point(3, 1.2)];
  expect(inOrder(points)).toEqual([point(1, 2), point(2, 1.4), point(3, 1.2)]);
});

test('what is gained stands behind what was there, and takes the place of steps that are learned anew', () => {
  const before = [point(1, 2), point(2, 1.5), point(3, 1.2)];
  expect(grown(before, [point(4, 1)])).toEqual([...before, point(4, 1)]);
  expect(grown(before, [point(2, 1.6)])).toEqual([point(1, 2), point(2, 1.6)]);
  expect(grown(before, [])).toEqual(before);
});

test('the best look is the last of equals, and looks without a judgement do not count', () => {
  expect(bestOf([point(1, 2, 0.5), point(2, 1), point(3, 1, 0.7), point(4, 1, 0.7)])).toEqual({
    step: 4,
    value: 0.7,
  });
  expect(bestOf([point(1, 2)])).toBeNull();
});
