import type { StageName } from '$lib/api/types';
import { STAGES } from '$lib/features/phases/stages';
import type { Axis } from './axis';
import { sampled } from './course';
import type { CalledFrames } from './profile';

/** Points enough for the widest screen; more would only cost. */
const MOST_POINTS = 400;
/** Stages that were never more likely than this would be hairlines. */
const LEAST_SHARE = 0.03;

interface Area {
  stage: StageName;
  d: string;
}

const at = (value: number): string => value.toFixed(4);

/** How sure each frame was: where it lies on the axis, and the share; a short doubt is kept however many frames there are. */
export function surenessCourse(calls: CalledFrames, axis: Axis): [number[], number[]] {
  const places = lowestBetween(calls, sampled(calls, MOST_POINTS));
  return [
    places.map((place) => axis.at(calls.frame_index[place] ?? 0)),
    places.map((place) => calls.confidence[place] ?? 0),
  ];
}

/** The probabilities of all stages, stacked in their order, as SVG paths in a box of 1 by 1. */
export function stageAreas(calls: CalledFrames, axis: Axis): Area[] {
  const places = sampled(calls, MOST_POINTS).filter(
    (place) => calls.probabilities[place]?.length === STAGES.length,
  );
  if (places.length < 2) return [];
  const xs = places.map((place) => at(axis.at(calls.frame_index[place] ?? 0)));
  const heights = places.map(() => 0);
  const areas: Area[] = [];
  for (const [rank, stage] of STAGES.entries()) {
    const below = heights.map((height, step) => `${xs[step]} ${at(height)}`);
    let most = 0;
    for (const [step, place] of places.entries()) {
      const share = calls.probabilities[place]?.[rank] ?? 0;
      most = Math.max(most, share);
      heights[step] = Math.min(1, (heights[step] ?? 0) + share);
    }
    if (most < LEAST_SHARE) continue;
    const above = heights.map((height, step) => `${xs[step]} ${at(height)}`);
    areas.push({ stage, d: `M${above.join('L')}L${below.reverse().join('L')}Z` });
  }
  return areas;
}

/** Instead of each place the least sure one up to the next: a short doubt must not fall between two points. */
function lowestBetween(calls: CalledFrames, places: number[]): number[] {
  return places.map((place, step) => {
    const end = places[step + 1] ?? place + 1;
    let lowest = place;
    for (let other = place + 1; other < end; other += 1) {
      if ((calls.confidence[other] ?? 1) < (calls.confidence[lowest] ?? 1)) lowest = other;
    }
    return lowest;
  });
}
