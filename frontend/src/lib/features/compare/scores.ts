import type { Formats } from '$lib/i18n/formats';
import type { Score } from './types';

/** The likeliest grade with how probable it is; null where the rule gives points. */
export function bestGrade({ grade_probabilities }: Score): { grade: string; share: number } | null {
  let best: { grade: string; share: number } | null = null;
  for (const [grade, share] of Object.entries(grade_probabilities)) {
    if (!best || share > best.share) best = { grade, share };
  }
  return best;
}

/** One figure for where there is room for no more: the likeliest grade with its share, or the points. */
export function scoreText(score: Score | null, format: Formats): string {
  if (!score || score.value === null) return '—';
  const best = bestGrade(score);
  return best ? `${best.grade} ${format.percent(best.share)}` : format.number(score.value, 1);
}

/** The 90 % bounds, where they say more than the figure itself. */
export function boundsOf({ value, low, high }: Score): [number, number] | null {
  if (value === null || low === null || high === null) return null;
  return high - low < 0.05 ? null : [low, high];
}
