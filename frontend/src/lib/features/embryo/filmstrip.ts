import type { Ellipse } from '$lib/features/dish/geometry';
import type { Axis } from './axis';

/** One picture of the filmstrip; `onset` names the phase that begins there. */
export interface Still<P extends string = string> {
  frame: number;
  onset: P | null;
}

const EVENLY = 14;
/** Two stills that lie nearer than this share of their distance would show the same. */
const TOO_NEAR = 0.3;

/** Frames evenly over the hours of the recording, and one at each onset; those beside an onset give way to it. */
export function stillsOf<P extends string>(
  axis: Axis,
  onsets: readonly { phase: P; frame_index: number; is_censored: boolean }[],
  evenly: number = EVENLY,
): Still<P>[] {
  if (axis.frames === 0) return [];
  const begun = new Map<number, P>();
  for (const { phase, frame_index, is_censored } of onsets) if (!is_censored) begun.set(frame_index, phase);
  const count = Math.min(evenly, axis.frames);
  const step = 1 / Math.max(1, count - 1);
  const stills = new Map<number, Still<P>>();
  for (let place = 0; place < count; place += 1) {
    const frame = axis.frameAt(place * step);
    const isCovered = [...begun.keys()].some(
      (onset) => Math.abs(axis.at(onset) - axis.at(frame)) < step * TOO_NEAR,
    );
    if (!isCovered) stills.set(frame, { frame, onset: null });
  }
  for (const [frame, onset] of begun) stills.set(frame, { frame, onset });
  return [...stills.values()].sort((a, b) => a.frame - b.frame);
}

/** The still that is shown at a frame: the last one not after it. */
export function stillAt(stills: readonly Still[], frame: number): number {
  const place = stills.findLastIndex((still) => still.frame <= frame);
  return Math.max(0, place);
}

/** How a whole frame is laid under a square window of `side` pixels so that the window shows the well. */
export interface Laid {
  width: number;
  height: number;
  left: number;
  top: number;
}

/** Half the window's side against the well's radius: its floor, where embryos lie, is about half as wide as its rim. */
export const ROOM = 0.68;

export function laidUnder(
  side: number,
  well: Ellipse,
  picture: { width: number; height: number },
  room: number = ROOM,
): Laid {
  const scale = side / (2 * room * Math.max(well.rx, well.ry, 1));
  return {
    width: picture.width * scale,
    height: picture.height * scale,
    left: side / 2 - well.cx * scale,
    top: side / 2 - well.cy * scale,
  };
}
