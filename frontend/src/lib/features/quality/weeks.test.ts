import { expect, test } from 'vitest';
import type { Statistics } from './quality.svelte';
import { courseOf } from './weeks';

type Week = Statistics['by_week'][number];
const counted = (n: number, of: number) => ({ share: of > 0 ? n / of : null, n, of });
const week = (
  starts: string,
  blastulation: [number, number],
  fertilisation: Week['fertilisation'],
): Week => ({
  starts,
  embryos: 4,
  fertilisation,
  cleavage: counted(4, 4),
  blastulation: counted(...blastulation),
  review_seconds: { median: null, n: 0 },
});

test('weeks lie in order of time, and what was not counted is a gap, not nought', () => {
  const weeks = [week('2026-03-09', [0, 0], null), week('2026-03-02', [1, 4], counted(3, 4))];
  expect(courseOf(weeks)).toEqual([
    [Date.UTC(2026, 2, 2) / 1000, Date.UTC(2026, 2, 9) / 1000],
    [0.75, null],
    [1, 1],
    [0.25, null],
  ]);
});
