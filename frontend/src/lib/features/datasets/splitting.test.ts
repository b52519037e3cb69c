import { expect, test } from 'vitest';
import { isUsual, nameOf, withShare } from './splitting';

test('a division is called by its shares', () => {
  expect(nameOf([80, 10, 10])).toBe('80/10/10');
  expect(nameOf([80, 20, 0])).toBe('80/20');
  expect(isUsual({ shares: [80, 20, 0] })).toBe(true);
  expect(isUsual({ shares: [60, 20, 20] })).toBe(false);
});

test('shares always sum to a hundred, whichever is set', () => {
  for (const [place, share] of [
    [0, 60],
    [1, 50],
    [2, 100],
    [0, -5],
    [1, 33.4],
  ] as const) {
    const shares = withShare([80, 10, 10], place, share);
    expect(shares.reduce((sum, one) => sum + one, 0)).toBe(100);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(
      Math.min(shares[0] ?? 0, shares[1] ?? 0),
      'nothing to learn from, or to choose by',
    ).toBeGreaterThan(0);
  }
  expect(withShare([80, 10, 10], 0, 60)).toEqual([60, 30, 10]);
  expect(withShare([80, 10, 10], 1, 100)).toEqual([1, 99, 0]);
});
