import type { Clock } from '$lib/features/dish/clock';
import { frameText, type Words } from '$lib/features/phases/hours';

/** From when to when something lasted; one moment where it begins and ends in one frame. */
export function spanText(
  { first, last }: { first: number; last: number },
  words: Words,
  clock: Clock,
): string {
  const from = frameText(words, clock, first);
  return first === last ? from : words.t('embryo.span', { from, to: frameText(words, clock, last) });
}
