import type { Judged, SetFigures } from './types';

type Name = Exclude<keyof SetFigures, 'confusion' | 'accuracy3_interval'>;

interface Figure {
  name: Name;
  isHigherBetter?: boolean;
  isCount?: boolean;
}

const FIGURES: readonly Figure[] = [
  { name: 'recall' },
  { name: 'false_alarms', isHigherBetter: false, isCount: true },
  { name: 'content_macro_f1' },
  { name: 'content' },
  { name: 'gas_outside' },
  { name: 'ap50' },
  { name: 'ap50_95' },
  { name: 'iou' },
  { name: 'accuracy3' },
  { name: 'f1_3' },
  { name: 'accuracy4' },
  { name: 'phase_accuracy' },
  { name: 'within_one_phase' },
  { name: 'stage_accuracy' },
  { name: 'coarse_accuracy' },
];
/** The lab's own first: they say most about its dishes. */
export const SET_ORDER = ['labels', 'rendered', 'all', 'usual', 'hard', 'shifted'];

/** One line of the comparison; null where a side does not have the figure. */
export interface Row {
  name: string;
  before: number | null;
  after: number | null;
  isHigherBetter: boolean;
  isCount: boolean;
  /** What the candidate makes of it, where the two differ. */
  change: 'better' | 'worse' | null;
}

/** The sets that at least one was judged on, in the order in which they are shown. */
export const setsOf = (after: Judged, before: Judged | null): string[] =>
  SET_ORDER.filter((name) => name in after.sets || (before !== null && name in before.sets));

/** Accuracy on one set, side by side. */
export function accuracyOf(set: string, after: Judged, before: Judged | null): Row[] {
  const [mine, theirs] = [after.sets[set], before?.sets[set]];
  return FIGURES.map(({ name, isHigherBetter = true, isCount = false }) =>
    row(name, theirs?.[name], mine?.[name], isHigherBetter, isCount),
  ).filter(({ before: was, after: is }) => was !== null || is !== null);
}

/** How honest their confidence is, on one kind of pictures. */
export function honestyOf(kind: string, after: Judged, before: Judged | null): Row[] {
  const [mine, theirs] = [after.calibration[kind], before?.calibration[kind]];
  return (['ece', 'brier'] as const).map((name) => row(name, theirs?.[name], mine?.[name], false, false));
}

/** Speed and memory on this server. */
export const costOf = (after: Judged, before: Judged | null): Row[] => [
  row('per_s', before?.per_s, after.per_s, true, true),
  row('peak_mib', before?.peak_mib, after.peak_mib, false, true),
];

export const kindsOf = (after: Judged, before: Judged | null): string[] =>
  ['labels', 'renderings'].filter(
    (kind) => kind in after.calibration || (before !== null && kind in before.calibration),
  );

type Told = number | null | undefined;

function row(name: string, was: Told, is: Told, isHigherBetter: boolean, isCount: boolean): Row {
  const [before, after] = [was ?? null, is ?? null];
  return { name, before, after, isHigherBetter, isCount, change: changeOf(before, after, isHigherBetter) };
}

function changeOf(before: number | null, after: number | null, isHigherBetter: boolean): Row['change'] {
  if (before === null || after === null || before === after) return null;
  return after > before === isHigherBetter ? 'better' : 'worse';
}
