import { expect, test } from 'vitest';
import { expectedSeconds } from './expected';

const pace = { recipe: 'phases', steps: 900, passes: 2, seconds_a_step: 0.3, trainings: 2 } as const;

test('a training takes at most as long as its steps, made twice, at the pace of those before it', () => {
  expect(expectedSeconds(pace, null)).toBeCloseTo(540);
  expect(expectedSeconds(pace, 100)).toBeCloseTo(60);
  expect(expectedSeconds(undefined, 100)).toBeNull();
});
