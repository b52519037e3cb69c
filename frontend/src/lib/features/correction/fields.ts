import type { ContentName, CorrectionValue } from '$lib/api/types';
import type { Fields, Value } from '$lib/keeping/fields';
import type { Box } from '$lib/features/dish/geometry';

export interface ContentFrom {
  from_frame: number;
  content: ContentName;
}

export interface BoxAt {
  frame_index: number;
  box: Box;
}

export type Range = [first: number, last: number];

/** Who put something right; no time yet while it is being saved. */
export interface By {
  name: string;
  at: string | null;
}

/** What people put right about one well. */
export interface CorrectedWell {
  content: readonly ContentFrom[];
  contentBy: By | null;
  box: BoxAt | null;
  boxBy: By | null;
  isRemoved: boolean;
  isAdded: boolean;
}

/** What people put right about a dish. */
export interface Corrected {
  layout: string;
  layoutBy: By | null;
  unusable: readonly Range[];
  unusableBy: By | null;
  wells: ReadonlyMap<string, CorrectedWell>;
}

export const NOTHING_CORRECTED: Corrected = {
  layout: '',
  layoutBy: null,
  unusable: [],
  unusableBy: null,
  wells: new Map(),
};

export type WellField = 'content' | 'box' | 'is_removed' | 'is_added';
export const wellField = (place: string, what: WellField): string => `wells.${place}.${what}`;

/** Corrections as a flat list of what they say, by the names that a change gives its fields. */
export function fieldsOf(correction: CorrectionValue | null): Fields {
  const fields: Record<string, Value> = {};
  if (!correction) return fields;
  if (correction.layout) fields['layout'] = correction.layout;
  if (correction.unusable.length > 0) fields['unusable'] = correction.unusable;
  for (const [place, well] of Object.entries(correction.wells)) {
    for (const [what, value] of Object.entries(well)) fields[`wells.${place}.${what}`] = value as Value;
  }
  return fields;
}

/** The same list, read. */
export function correctedOf(fields: Fields, byOf: (field: string) => By | null): Corrected {
  const wells = new Map<string, CorrectedWell>();
  for (const field of Object.keys(fields)) {
    const place = /^wells\.(.+)\./.exec(field)?.[1];
    if (!place || wells.has(place)) continue;
    const said = (what: WellField): Value => fields[wellField(place, what)] ?? null;
    wells.set(place, {
      content: (said('content') ?? []) as unknown as ContentFrom[],
      contentBy: byOf(wellField(place, 'content')),
      box: said('box') as unknown as BoxAt | null,
      boxBy: byOf(wellField(place, 'box')) ?? byOf(wellField(place, 'is_added')),
      isRemoved: said('is_removed') === true,
      isAdded: said('is_added') === true,
    });
  }
  return {
    layout: (fields['layout'] ?? '') as string,
    layoutBy: byOf('layout'),
    unusable: (fields['unusable'] ?? []) as unknown as Range[],
    unusableBy: byOf('unusable'),
    wells,
  };
}

/** What is said to be in a well at a frame; null where nobody said anything about it. */
export const contentAt = (said: readonly ContentFrom[], frame: number): ContentFrom | null =>
  said.findLast(({ from_frame }) => from_frame <= frame) ?? null;

/** The contents once it is said that from a frame on, up to what was said of later ones, the well holds this. */
export function saidFrom(
  said: readonly ContentFrom[],
  from_frame: number,
  content: ContentName,
): ContentFrom[] {
  const others = said.filter((one) => one.from_frame !== from_frame);
  const all = [...others, { from_frame, content }].sort((a, b) => a.from_frame - b.from_frame);
  return all.filter((one, index) => all[index - 1]?.content !== one.content);
}

export const isWithin = (ranges: readonly Range[], frame: number): boolean =>
  ranges.some(([first, last]) => first <= frame && frame <= last);

/** Ranges of frames in order and without overlaps, one more among them. */
export function withRange(ranges: readonly Range[], added: Range): Range[] {
  const joined: Range[] = [];
  for (const [first, last] of [...ranges, added].sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** The ranges without these frames. */
export const withoutRange = (ranges: readonly Range[], [from, to]: Range): Range[] =>
  ranges.flatMap(([first, last]): Range[] => {
    const rest: Range[] = [
      [first, Math.min(last, from - 1)],
      [Math.max(first, to + 1), last],
    ];
    return to < first || last < from ? [[first, last]] : rest.filter(([a, b]) => a <= b);
  });
