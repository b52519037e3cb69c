import type { PhaseName } from '$lib/api/types';
import { PHASES } from '$lib/features/phases/stages';
import type { Fields } from '$lib/keeping/fields';
import { saidOf } from './phases';

/** One phase as a person drew it: from its onset until the next one begins. */
export interface Stretch {
  phase: PhaseName;
  first: number;
  /** Null: nobody said when it ends. */
  end: number | null;
  isMachines: boolean;
}

/** What a reading says of the embryo's course, in order of time. */
export function stretchesOf(fields: Fields): Stretch[] {
  const said = PHASES.flatMap((phase) => {
    const one = saidOf(fields, phase);
    return one === null || one === 'absent' ? [] : [{ phase, ...one }];
  });
  // Where two begin in one frame, the earlier phase lasted no time.
  const sorted = said.sort((a, b) => a.frame - b.frame);
  return sorted.map(({ phase, frame, source }, place) => ({
    phase,
    first: frame,
    end: sorted[place + 1]?.frame ?? null,
    isMachines: source === 'machine',
  }));
}

/** Phases that begin before one they should follow. */
export function outOfOrder(fields: Fields): PhaseName[] {
  let latest = -1;
  return PHASES.filter((phase) => {
    const said = saidOf(fields, phase);
    if (said === null || said === 'absent') return false;
    if (said.frame < latest) return true;
    latest = said.frame;
    return false;
  });
}

/** The frame to take for one that was pointed at: a machine's boundary so near that it must be meant, else the frame itself. */
export function snapped(
  frame: number,
  boundaries: readonly number[],
  at: (frame: number) => number,
  within: number,
): number {
  let best = frame;
  let distance = within;
  for (const boundary of boundaries) {
    const apart = Math.abs(at(boundary) - at(frame));
    if (apart <= distance) [best, distance] = [boundary, apart];
  }
  return best;
}
