import type { Stack } from '$lib/api/types';

type Timed = Pick<Stack, 'hpi_at_first_frame' | 'interval_minutes' | 'frame_count'>;

/** Hours post insemination at the last frame, where the recording's clock is known. */
export function lastHour(stack: Timed | null): number | null {
  if (!stack || stack.hpi_at_first_frame === null) return null;
  return stack.hpi_at_first_frame + ((stack.frame_count - 1) * (stack.interval_minutes ?? 0)) / 60;
}

/** The day of culture the recording has reached; insemination is on day 0. */
export function dayOf(stack: Timed | null): number | null {
  const hour = lastHour(stack);
  return hour === null ? null : Math.max(0, Math.floor(hour / 24));
}
