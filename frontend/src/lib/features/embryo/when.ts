import type { Clock } from '$lib/features/dish/clock';
import { hoursText, type Words } from '$lib/features/phases/hours';

/** How long it is from one frame to another; null where nobody knows. */
export function timeBetween(from: number, to: number, clock: Clock, words: Words): string | null {
  const [first, last] = [clock.at(from), clock.at(to)];
  return first === null || last === null ? null : hoursText(words, last - first);
}
