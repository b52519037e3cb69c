import type { Contender, Final } from './types';

type Phases = NonNullable<Contender['phases']>;
type Wells = NonNullable<Contender['wells']>;

/** One line of the table of figures: a value for each contender. */
export interface FigureRow {
  key: string;
  values: (number | null)[];
  /** 95 %, where it was drawn. */
  intervals: ([number, number] | null)[];
  isHigherBetter: boolean;
  isCount: boolean;
  isMain: boolean;
}

interface Figure {
  key: string;
  of: (one: Contender) => number | undefined;
  interval?: (one: Contender) => number[] | undefined;
  isHigherBetter?: boolean;
  isCount?: boolean;
}

const phases = (key: Exclude<keyof Phases, 'confusion' | 'accuracy3_interval'>): Figure => ({
  key,
  of: (one) => one.phases?.[key],
  ...(key === 'accuracy3' ? { interval: (one: Contender) => one.phases?.accuracy3_interval } : {}),
});
const wells = (key: Exclude<keyof Wells, 'right_interval'>, rest: Partial<Figure> = {}): Figure => ({
  key,
  of: (one) => one.wells?.[key],
  ...(key === 'right' ? { interval: (one: Contender) => one.wells?.right_interval } : {}),
  ...rest,
});
const FIGURES: Figure[] = [
  phases('accuracy3'),
  phases('f1_3'),
  phases('accuracy4'),
  wells('right'),
  wells('recall'),
  wells('false_alarms', { isHigherBetter: false, isCount: true }),
  wells('content_f1'),
  wells('content_accuracy'),
  wells('mean_iou'),
  wells('gas_outside_accuracy'),
];

/** Every figure that at least one contender has, the main one first. */
export function figuresOf(contenders: readonly Contender[], main: Final['main']): FigureRow[] {
  const rows = FIGURES.map((figure): FigureRow => ({
    key: figure.key,
    values: contenders.map((one) => figure.of(one) ?? null),
    intervals: contenders.map((one) => {
      const [low, high] = figure.interval?.(one) ?? [];
      return low === undefined || high === undefined ? null : [low, high];
    }),
    isHigherBetter: figure.isHigherBetter ?? true,
    isCount: figure.isCount ?? false,
    isMain: figure.key === main,
  }));
  return rows
    .filter(({ values }) => values.some((value) => value !== null))
    .sort((a, b) => Number(b.isMain) - Number(a.isMain));
}

export type Verdict = 'better' | 'worse' | 'unclear' | 'few';

/** What a difference says: nothing as long as zero lies within its interval, or where there is too little to draw one from. */
export function verdictOf({ value, low, high }: Final['differences'][number]): Verdict {
  if (low === high && value !== 0) return 'few';
  return low > 0 ? 'better' : high < 0 ? 'worse' : 'unclear';
}

/** How many pictures the judgement is over. */
export const picturesOf = (final: Final): number =>
  final.contenders[0]?.phases?.pictures ?? final.contenders[0]?.wells?.pictures ?? 0;
