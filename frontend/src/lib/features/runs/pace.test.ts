import { expect, test } from 'vitest';
import { Pace } from './pace.svelte';

test('time left follows the speed of the last seconds', () => {
  const pace = new Pace();
  for (let second = 0; second <= 10; second += 1) pace.note('r', second * 10, 300, second);
  expect(pace.perSecond).toBeCloseTo(10);
  expect(pace.secondsLeft).toBeCloseTo(20);
});

test('there is no speed before there is one', () => {
  const pace = new Pace();
  pace.note('r', 0, 100, 0);
  pace.note('r', 50, 100, 0.2);
  expect(pace.secondsLeft).toBeNull();
});

test('another run, or a second attempt, starts anew', () => {
  const pace = new Pace();
  pace.note('r', 0, 100, 0);
  pace.note('r', 50, 100, 5);
  pace.note('r', 3, 100, 6);
  expect(pace.secondsLeft).toBeNull();
  pace.note('s', 80, 100, 7);
  expect(pace.secondsLeft).toBeNull();
});
