import type {
  CallValue,
  CoarseName,
  EmbryoEventValue,
  OnsetValue,
  ProfileValue,
  StageName,
} from '$lib/api/types';
import { coarseOf, isPhase, standIn } from './stages';

/** A stretch of one embryo's course, from frame `first` until the frame `end`, where the next one begins. */
export interface Stretch {
  stage: StageName;
  /** Named where the pictures tell no more than this. */
  coarse: CoarseName | null;
  first: number;
  end: number;
  onset: OnsetValue | null;
  /** As single frames show it; the decoded profile may say it otherwise. */
  isProvisional: boolean;
  confidence: number;
}

export interface Course {
  stretches: Stretch[];
  events: EmbryoEventValue[];
  isCoarse: boolean;
  isFinal: boolean;
}

/** Below this an onset or a call is marked as unsure. */
export const UNSURE = 0.7;

/** One embryo's course: its decoded stretches, and beyond them what single frames show. `frames` is the recording's length. */
export function courseOf(profile: ProfileValue | null, calls: readonly CallValue[], frames: number): Course {
  const isCoarse = profile?.is_coarse ?? false;
  const decoded = profile ? decodedStretches(profile, frames) : [];
  const from = decoded.at(-1)?.end ?? 0;
  const beyond = profile?.is_final ? [] : calls.filter((call) => call.frame_index >= from);
  return {
    stretches: [...decoded, ...provisional(beyond, from, isCoarse)],
    events: profile?.events ?? [],
    isCoarse,
    isFinal: profile?.is_final ?? false,
  };
}

/** What the embryo was at a frame; nothing before the first stretch and beyond what was read. */
export const stretchAt = (course: Course, frame: number): Stretch | null =>
  course.stretches.find(({ first, end }) => first <= frame && frame < end) ?? null;

/** Frames at which something begins: onsets, and events of the decoded profile. */
export const turnsOf = ({ stretches, events }: Course): number[] =>
  [...new Set([...stretches.map(({ first }) => first), ...events.map((event) => event.first_frame)])].sort(
    (a, b) => a - b,
  );

/** Whether there was ever an embryo to follow. */
export const hasEmbryo = ({ stretches }: Course): boolean =>
  stretches.some(({ stage }) => isPhase(stage) || stage === 'degenerate');

function decodedStretches(profile: ProfileValue, frames: number): Stretch[] {
  const { last, is_coarse, is_final } = profile;
  const onsets = [...profile.onsets].sort((a, b) => a.frame_index - b.frame_index);
  const end = is_final ? frames : (last?.frame_index ?? onsets.at(-1)?.frame_index ?? -1) + 1;
  const emptied = profile.events.find(({ kind }) => kind === 'well_emptied');
  const stretches = onsets.map((onset, place): Stretch => {
    const coarse = is_coarse ? coarseOf(onset.phase) : null;
    return {
      stage: coarse ? standIn(coarse) : onset.phase,
      coarse,
      first: onset.frame_index,
      end: onsets[place + 1]?.frame_index ?? end,
      onset,
      isProvisional: false,
      confidence: onset.confidence,
    };
  });
  if (emptied) return cut(stretches, emptied.first_frame, 'empty', emptied.confidence, end);
  // A stage without an onset is told for the frame it was called in, and no further back.
  if (last && !isPhase(last.stage)) return cut(stretches, last.frame_index, last.stage, last.confidence, end);
  return stretches;
}

/** The course with another stage from a frame on. */
function cut(
  stretches: Stretch[],
  first: number,
  stage: StageName,
  confidence: number,
  end: number,
): Stretch[] {
  const before = stretches
    .filter((stretch) => stretch.first < first)
    .map((stretch) => ({ ...stretch, end: Math.min(stretch.end, first) }));
  return [...before, { stage, coarse: null, first, end, onset: null, isProvisional: false, confidence }];
}

/** What single frames show; the frames between two calls, and those since the decoded ones, belong to the call beside them. */
function provisional(calls: readonly CallValue[], from: number, isCoarse: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  for (const call of calls) {
    const stage = isCoarse ? standIn(call.coarse) : call.stage;
    const before = stretches.at(-1);
    if (before) before.end = call.frame_index;
    if (before?.stage === stage) {
      before.end = call.frame_index + 1;
      before.confidence = call.confidence;
      continue;
    }
    stretches.push({
      stage,
      coarse: isCoarse ? call.coarse : null,
      first: before ? call.frame_index : from || call.frame_index,
      end: call.frame_index + 1,
      onset: null,
      isProvisional: true,
      confidence: call.confidence,
    });
  }
  return stretches;
}
