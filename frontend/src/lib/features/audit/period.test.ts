import { expect, test } from 'vitest';
import { midnight } from './period';

test('a day of the address begins at the reader’s own midnight, and the last day is read to its end', () => {
  expect(midnight('2026-11-01')).toBe(new Date(2026, 10, 1).toISOString());
  expect(midnight('2026-11-30', 1)).toBe(new Date(2026, 11, 1).toISOString());
});

test('what is no day narrows nothing', () => {
  for (const text of ['', 'today', '2026-13-01', '2026-02-30', '2026-1-1', '2026-11-01T10:00'])
    expect(midnight(text), text).toBeNull();
});
