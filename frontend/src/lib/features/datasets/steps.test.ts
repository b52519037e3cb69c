import { expect, test } from 'vitest';
import { changed, moved, usualStep, without } from './steps';
import type { Step } from './types';

const a: Step = { step: 'median', size_px: 3 };
const b: Step = { step: 'clahe' };
const c: Step = { step: 'flip' };
const steps = [a, b, c];

test('a new step begins with its usual parameters', () => {
  const size = { name: 'size_px', low: 3, high: 15, usual: 3, is_odd: true, is_amount: false };
  const kind = { step: 'median' as const, is_moving: false, parameters: [size] };
  expect(usualStep(kind)).toEqual({ step: 'median', size_px: 3 });
});

test('steps are moved, changed and taken away without touching the others', () => {
  expect(moved(steps, 0, 1)).toEqual([b, a, c]);
  expect(moved(steps, 0, -1)).toEqual(steps);
  expect(moved(steps, 2, 1)).toEqual(steps);
  expect(without(steps, 1)).toEqual([a, c]);
  expect(changed(steps, 0, 'size_px', 5)[0]).toEqual({ step: 'median', size_px: 5 });
  expect(steps[0]).toEqual({ step: 'median', size_px: 3 });
});
