import type { Recalibration } from '$lib/features/detectors/types';

type Figures = NonNullable<Recalibration['figures']>;

export type FittedName =
  'surprise' | 'accuracy' | 'calibration_error' | 'coverage_90' | 'width_h' | 'temperature' | 'hours_apart';

/** One line of before and after; shares are told in percent. */
export interface FittedRow {
  name: FittedName;
  before: number | null;
  after: number | null;
  isShare: boolean;
}

const SHARES = new Set<FittedName>(['accuracy', 'calibration_error', 'coverage_90']);

/** What changed, in the order in which it matters. */
export function rowsOf({ before, after, temperature, hours_apart }: Figures): FittedRow[] {
  const measured = (['surprise', 'accuracy', 'calibration_error', 'coverage_90', 'width_h'] as const).map(
    (name) => ({ name, before: before[name], after: after[name] }),
  );
  const fitted = [
    { name: 'temperature' as const, before: temperature[0] ?? null, after: temperature[1] ?? null },
    { name: 'hours_apart' as const, before: hours_apart[0] ?? null, after: hours_apart[1] ?? null },
  ];
  return [...measured, ...fitted].map((row) => ({ ...row, isShare: SHARES.has(row.name) }));
}

/** Whether the truth became clearly less surprising: zero does not lie within the interval. */
export const isGain = ({ gain }: Figures): boolean => gain.low > 0;
