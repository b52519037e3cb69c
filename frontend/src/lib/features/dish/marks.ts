import type { ContentChange, ContentName, KeyFrame } from '$lib/api/types';
import type { By } from '$lib/features/correction/fields';
import { keepsNames } from '$lib/live/dish';
import { AT_REST, place, type Ellipse, type Placement } from './geometry';

/** One well as it is drawn on one frame. */
export interface Mark extends Ellipse {
  name: string;
  row: number;
  column: number;
  content: ContentName;
  confidence: number;
  isFilledIn: boolean;
  /** Who put its place or what it holds right; null: the machine's. */
  boxBy: By | null;
  contentBy: By | null;
}

export type FrameStanding = 'known' | 'not_analysed' | 'unusable';

export interface FrameMarks {
  standing: FrameStanding;
  isGasOutside: boolean;
  marks: Mark[];
  /** Who said that the frame is of no use; nobody: the machine did. */
  unusableBy?: By | null;
}

interface Findings {
  key_frames: readonly KeyFrame[];
  content_changes: readonly ContentChange[];
}

/** The last element whose frame is not after `frame`, in a list sorted by frame. */
export function latestAt<T extends { frame_index: number }>(
  sorted: readonly T[],
  frame: number,
): T | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.frame_index ?? Infinity) <= frame) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

/** The key frame from which on places mean the same wells as at this frame. */
function namedSince(keys: readonly KeyFrame[], frame: number): number {
  let since = 0;
  for (const [index, key] of keys.entries()) {
    if (key.frame_index > frame) break;
    if (index > 0 && !keepsNames(keys[index - 1], key.layout)) since = key.frame_index;
  }
  return since;
}

/** What was last said about each well up to a frame, by `row.column`. */
export function contentsAt(findings: Findings, frame: number): Map<string, ContentChange> {
  const since = namedSince(findings.key_frames, frame);
  const latest = new Map<string, ContentChange>();
  for (const change of findings.content_changes) {
    if (change.frame_index > frame) break;
    if (change.frame_index >= since) latest.set(`${change.row}.${change.column}`, change);
  }
  return latest;
}

/** The wells of one frame: those of its key frame, moved with the dish, with what they held by then. */
export function marksAt(findings: Findings, placement: Placement | undefined, frame: number): FrameMarks {
  const key = latestAt(findings.key_frames, frame);
  const known = placement ?? (key?.frame_index === frame ? AT_REST : undefined);
  if (!key || !known) return { standing: 'not_analysed', isGasOutside: false, marks: [] };
  if (!known.isUsable) return { standing: 'unusable', isGasOutside: false, marks: [] };
  const contents = contentsAt(findings, frame);
  const marks = key.wells.map((well) => {
    const said = contents.get(`${well.row}.${well.column}`) ?? well;
    return {
      ...place(well.box, known),
      name: well.name,
      row: well.row,
      column: well.column,
      content: said.content,
      confidence: said.confidence,
      isFilledIn: well.is_filled_in,
      boxBy: null,
      contentBy: null,
    };
  });
  return { standing: 'known', isGasOutside: known.isGasOutside, marks };
}
