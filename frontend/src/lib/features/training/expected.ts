import type { Choices } from './types';

type Pace = Choices['paces'][number];

/** How long learning takes at most; null where the pace of the recipe is not known. */
export function expectedSeconds(pace: Pace | undefined, steps: number | null): number | null {
  return pace ? (steps ?? pace.steps) * pace.passes * pace.seconds_a_step : null;
}
