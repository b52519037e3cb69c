import type { CallValue, StageName } from '$lib/api/types';
import type { CalledFrames } from './profile';

/** Below this a call is worth a second look. */
export const UNSURE = 0.7;
/** Below this share of an embryo's best focus its cells cannot be told apart. */
export const POOR_FOCUS = 0.35;

/** Frames that follow each other and say the same; `last` is the frame before the next one begins. */
export interface Span<T> {
  value: T;
  first: number;
  last: number;
}

/** Place in `frames` of the last call that is not after `frame`; -1 before the first one. */
export function callAt(frames: readonly number[], frame: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] ?? Infinity) <= frame) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Runs of equal values over called frames. Each lasts until the next one begins, so frames between two calls belong to the earlier. */
export function spansOf<T>(frames: readonly number[], values: readonly T[]): Span<T>[] {
  const spans: Span<T>[] = [];
  for (const [place, frame] of frames.entries()) {
    const value = values[place] as T;
    const before = spans.at(-1);
    if (before) before.last = before.value === value ? frame : frame - 1;
    if (before?.value !== value) spans.push({ value, first: frame, last: frame });
  }
  return spans;
}

/** The course of the stages, or of what `named` makes of them. */
export const stageSpans = <T>(calls: CalledFrames, named: (stage: StageName) => T): Span<T>[] =>
  spansOf(calls.frame_index, calls.stage.map(named));

export type Trouble = 'dark' | 'out_of_view' | 'poor_focus';

/** Where the embryo could not be seen well, with the worst reason. */
export function troubleSpans(calls: CalledFrames): Span<Trouble>[] {
  const troubles = calls.frame_index.map((_, place): Trouble | null => {
    if (calls.is_out_of_view[place]) return 'out_of_view';
    if (calls.is_dark[place]) return 'dark';
    return (calls.focus[place] ?? 1) < POOR_FOCUS ? 'poor_focus' : null;
  });
  return spansOf(calls.frame_index, troubles).flatMap((span) =>
    span.value === null ? [] : [{ ...span, value: span.value }],
  );
}

/** Runs of unsure calls, each with the frame of its least sure one. */
export function unsurePlaces(calls: CalledFrames): (Span<true> & { least: number })[] {
  const spans = spansOf(
    calls.frame_index,
    calls.confidence.map((confidence) => confidence < UNSURE),
  ).filter(({ value }) => value);
  return spans.map(({ first, last }) => {
    let least = first;
    let lowest = Infinity;
    for (let place = callAt(calls.frame_index, first); ; place += 1) {
      const [frame, confidence] = [calls.frame_index[place], calls.confidence[place]];
      if (frame === undefined || confidence === undefined || frame > last) break;
      if (confidence < lowest) [least, lowest] = [frame, confidence];
    }
    return { value: true, first, last, least };
  });
}

/** The next frame at which the machine was least sure, around the corner at the end; null where it was sure everywhere. */
export function nextUnsure(calls: CalledFrames, here: number, by: 1 | -1 = 1): number | null {
  const places = unsurePlaces(calls).map(({ least }) => least);
  const next = by > 0 ? places.find((frame) => frame > here) : places.findLast((frame) => frame < here);
  return next ?? (by > 0 ? places[0] : places.at(-1)) ?? null;
}

/** At most `most` places over the calls, evenly, the first and the last among them: enough for a drawing of that many pixels. */
export function sampled(calls: CalledFrames, most: number): number[] {
  const count = calls.frame_index.length;
  if (count <= most) return calls.frame_index.map((_, place) => place);
  return Array.from({ length: most }, (_, step) => Math.round((step * (count - 1)) / (most - 1)));
}

/** The calls with what single frames told since; where both speak of a frame, the calls stand. */
export function withNews(calls: CalledFrames | null, news: readonly CallValue[]): CalledFrames | null {
  const last = calls?.frame_index.at(-1) ?? -1;
  const fresh = news.filter(({ frame_index }) => frame_index > last);
  if (fresh.length === 0) return calls;
  const told = <T>(known: T[] | undefined, value: (call: CallValue) => T): T[] => [
    ...(known ?? []),
    ...fresh.map(value),
  ];
  return {
    frame_index: told(calls?.frame_index, ({ frame_index }) => frame_index),
    hours_post_insemination: told(calls?.hours_post_insemination, (call) => call.hours_post_insemination),
    stage: told(calls?.stage, ({ stage }) => stage),
    confidence: told(calls?.confidence, ({ confidence }) => confidence),
    is_decoded: told(calls?.is_decoded, () => false),
    // News do not say how well the embryo could be seen; nothing is claimed until the calls do.
    focus: told(calls?.focus, () => 1),
    is_dark: told(calls?.is_dark, () => false),
    is_out_of_view: told(calls?.is_out_of_view, () => false),
    probabilities: told(calls?.probabilities, () => []),
  };
}
