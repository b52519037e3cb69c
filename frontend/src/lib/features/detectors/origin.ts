import type { Weights } from '$lib/api/types';
import { isRecord } from './records';

export type Origin = 'shipped' | 'brought' | 'recalibrated' | 'adapted' | 'learned';

/** Where weights are from, as their manifest says. */
export function originOf({ lab, manifest }: Pick<Weights, 'lab' | 'manifest'>): Origin {
  if (lab === null) return 'shipped';
  const marks = isRecord(manifest['origin']) ? manifest['origin'] : {};
  if ('admitted' in marks) return 'brought';
  if ('recalibration' in marks) return 'recalibrated';
  return manifest['learned_from'] === "a lab's unlabelled recordings" ? 'adapted' : 'learned';
}
