import type { Judged, Reliability } from './types';

type Values = (number | null)[];

/** Confidence from nothing to all, and the share that was right, for each of the two; null where the other has a point. */
export type Curves = [confidence: number[], after: Values, before: Values];

/** The reliability curves of both, on one kind of pictures. */
export function curvesOf(kind: string, after: Judged, before: Judged | null): Curves {
  const [mine, theirs] = [pointsOf(after.calibration[kind]), pointsOf(before?.calibration[kind])];
  const confidence = [...new Set([0, ...mine.keys(), ...theirs.keys(), 1])].sort((a, b) => a - b);
  return [
    confidence,
    confidence.map((at) => mine.get(at) ?? null),
    confidence.map((at) => theirs.get(at) ?? null),
  ];
}

const pointsOf = (told: Reliability | undefined): Map<number, number> =>
  new Map((told?.curve ?? []).map(({ confidence, right }) => [confidence, right]));
