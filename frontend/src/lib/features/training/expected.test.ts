import { expect, test } from 'vitest';
import { expectedSeconds } from './expected';

const pace = { recipe: 'phases', steps: 900, seconds_a_step: 0.3, trainings: 2 } as const;

test('a training takes as long as its steps at the pace of those before it', () => {
  expect(expectedSeconds(pace, null)).toBeCloseTo(270);
  expect(expectedSeconds(pace, 100)).toBeCloseTo(30);
  expect(expectedSeconds(undefined, 100)).toBeNull();
});
