import { expect, test } from 'vitest';
import { dayOf, lastHour } from './day';

test('the day is that of the last frame, and insemination is on day 0', () => {
  const stack = { hpi_at_first_frame: 2, interval_minutes: 10, frame_count: 721 };
  expect(lastHour(stack)).toBe(122);
  expect(dayOf(stack)).toBe(5);
  expect(dayOf({ ...stack, frame_count: 1 })).toBe(0);
});

test('a recording whose clock nobody knows has no day', () => {
  expect(dayOf({ hpi_at_first_frame: null, interval_minutes: 10, frame_count: 5 })).toBeNull();
  expect(dayOf(null)).toBeNull();
});
