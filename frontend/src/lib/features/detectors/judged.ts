import type { Gain, Judged, SetFigures } from './types';

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
  row('per_s', before?.per_s, after.per_s, true, true, within(0.25)),
  row('peak_mib', before?.peak_mib, after.peak_mib, false, true, within(0.05)),
];

export const kindsOf = (after: Judged, before: Judged | null): string[] =>
  ['labels', 'renderings'].filter(
    (kind) => kind in after.calibration || (before !== null && kind in before.calibration),
  );

/** How much more often the candidate is right on one set; null where nothing was beside it. */
export const gainOf = (set: string, gains: readonly Gain[]): Gain | null =>
  gains.find((one) => one.set === set) ?? null;

/** Whether a gain is more than chance: its interval lies on one side of nought. */
export const verdictOf = ({ low, high }: Gain): 'better' | 'worse' | 'chance' =>
  low > 0 ? 'better' : high < 0 ? 'worse' : 'chance';

type Told = number | null | undefined;

function row(
  name: string,
  was: Told,
  is: Told,
  isHigherBetter: boolean,
  isCount: boolean,
  isAlike: Alike = asShown,
): Row {
  const [before, after] = [was ?? null, is ?? null];
  const isSame = before === null || after === null || isAlike(before, after);
  const change = isSame ? null : after > before === isHigherBetter ? 'better' : 'worse';
  return { name, before, after, isHigherBetter, isCount, change };
}

type Alike = (one: number, other: number) => boolean;

/** Shares are shown in tenths of a per cent: what reads alike is not called better. */
const asShown: Alike = (one, other) => Math.round(one * 1000) === Math.round(other * 1000);

/** Speed and memory wander by themselves from one measuring to the next, speed more where the server has other work. */
const within =
  (share: number): Alike =>
  (one, other) =>
    Math.abs(one - other) <= share * Math.max(one, other);
