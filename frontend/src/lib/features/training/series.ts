import type { CurvePoint } from './types';

/** One line of a picture of curves. */
export interface Line {
  key: string;
  label: string;
  /** One value for every step; null where nothing was measured. */
  values: (number | null)[];
  /** Of what is learned from: thin and dashed; what was held out: solid. */
  isDashed: boolean;
  colour: string;
}

/** Steps in their order, each once: a resumed training tells the steps after its checkpoint again, and the later word counts. */
export function inOrder(points: readonly CurvePoint[]): CurvePoint[] {
  const latest = new Map(points.map((point) => [point.step, point]));
  return [...latest.values()].sort((a, b) => a.step - b.step);
}

/** What was learned with news of it; a training that went on from its checkpoint forgets what it had learned beyond. */
export function grown(before: readonly CurvePoint[], gained: readonly CurvePoint[]): CurvePoint[] {
  const from = gained[0]?.step;
  if (from === undefined) return [...before];
  return [...before.filter(({ step }) => step < from), ...gained];
}

/** The look at which the held-out split did best; of equals the last, whose net the detector keeps. */
export function bestOf(points: readonly CurvePoint[]): { step: number; value: number } | null {
  let best: { step: number; value: number } | null = null;
  for (const { step, validation } of points) {
    if (validation === null) continue;
    if (!best || validation >= best.value) best = { step, value: validation };
  }
  return best;
}
