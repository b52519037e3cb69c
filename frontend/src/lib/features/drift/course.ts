import type { FigureName, Incubator } from '$lib/features/detectors/types';

type Moved = Incubator['weeks'][number]['figures'][number];

export const NAMES: readonly FigureName[] = [
  'brightness',
  'contrast',
  'sharpness',
  'evenness',
  'content_sureness',
  'stage_sureness',
  'unusable',
];
/** One week of one figure. */
export interface Week {
  startsOn: string;
  runs: number;
  moved: Moved;
}

/** One figure of one incubator over the weeks. */
export interface Course {
  name: FigureName;
  weeks: Week[];
  /** Between its ends nothing alarms; null where the beginning is not known yet. */
  band: [low: number, high: number] | null;
  isAlarming: boolean;
  /** How far the last week that could be judged has moved, in spreads. */
  shift: number | null;
}

/** Every figure that was ever told of this incubator; it alarms from so many spreads on. */
export function coursesOf(incubator: Incubator, alarmingSpreads: number): Course[] {
  return NAMES.map((name) => courseOf(incubator, name, alarmingSpreads)).filter(
    ({ weeks }) => weeks.length > 0,
  );
}

function courseOf(
  { weeks: all, levels, alarms }: Incubator,
  name: FigureName,
  alarmingSpreads: number,
): Course {
  const weeks = [...all]
    .sort((one, other) => one.starts_on.localeCompare(other.starts_on))
    .flatMap(({ starts_on, runs, figures }): Week[] => {
      const moved = figures.find((figure) => figure.name === name);
      return moved ? [{ startsOn: starts_on, runs, moved }] : [];
    });
  const level = levels.find((one) => one.name === name);
  const reach = level ? level.spread * alarmingSpreads : 0;
  return {
    name,
    weeks,
    band: level ? [level.middle - reach, level.middle + reach] : null,
    isAlarming: alarms.includes(name),
    shift: weeks.findLast(({ moved }) => moved.shift !== null)?.moved.shift ?? null,
  };
}

/** What a plot takes: seconds, medians, both ends of the band, and the medians that alarm. */
export function pointsOf({ weeks, band }: Course): [number[], ...(number | null)[][]] {
  return [
    weeks.map(({ startsOn }) => Date.parse(startsOn) / 1000),
    weeks.map(() => band?.[0] ?? null),
    weeks.map(() => band?.[1] ?? null),
    weeks.map(({ moved }) => moved.middle),
    weeks.map(({ moved }) => (moved.is_alarming ? moved.middle : null)),
  ];
}
