import type { KeyFrame } from '$lib/api/types';
import type { Placement } from '$lib/features/dish/geometry';
import type { FrameMarks, Mark } from '$lib/features/dish/marks';
import type { WellRow } from '$lib/features/dish/rows';
import { contentAt, isWithin, type Corrected } from './fields';
import { carried } from './lay';
import { byPlace, placeOf } from './places';

interface Lying {
  keys: readonly KeyFrame[];
  placementAt: (frame: number) => Placement | undefined;
}

/** The marks of a frame as they stand once people put them right. */
export function correctedMarks(
  found: FrameMarks,
  frame: number,
  corrected: Corrected,
  { keys, placementAt }: Lying,
): FrameMarks {
  if (isWithin(corrected.unusable, frame)) {
    return { ...found, standing: 'unusable', marks: [], unusableBy: corrected.unusableBy };
  }
  // Where the machine did not look, or saw nothing, it is not known how the dish lies; without a run it lies as drawn.
  if (found.standing === 'unusable' || (found.standing === 'not_analysed' && keys.length > 0)) return found;
  if (corrected.wells.size === 0) return found;
  const names = new Set(found.marks.map(({ name }) => name));
  const added = [...corrected.wells.entries()]
    .filter(([name, { isAdded, box }]) => isAdded && box && !names.has(name))
    .map(([name]) => blank(name));
  const marks = [...found.marks, ...added].flatMap((mark) => {
    const well = corrected.wells.get(mark.name);
    if (!well) return [mark];
    if (well.isRemoved) return [];
    const said = contentAt(well.content, frame);
    return [
      {
        ...mark,
        ...(well.box && { ...carried(well.box, frame, keys, placementAt), isFilledIn: false }),
        boxBy: well.box ? well.boxBy : null,
        ...(said && { content: said.content, contentBy: well.contentBy }),
      },
    ];
  });
  return { ...found, marks: marks.sort(byPlace) };
}

/** The wells of a dish as they stand at a frame once people put them right. */
export function correctedRows(found: readonly WellRow[], frame: number, corrected: Corrected): WellRow[] {
  if (corrected.wells.size === 0) return [...found];
  const names = new Set(found.map(({ name }) => name));
  const added = [...corrected.wells.entries()]
    .filter(([name, { isAdded }]) => isAdded && !names.has(name))
    .map(([name, { boxBy }]): WellRow => ({ ...UNSEEN, name, boxBy }));
  const rows = [...found, ...added].flatMap((row) => {
    const well = corrected.wells.get(row.name);
    if (!well) return [row];
    if (well.isRemoved) return [];
    const said = contentAt(well.content, frame);
    return [
      {
        ...row,
        boxBy: well.box || well.isAdded ? well.boxBy : null,
        ...(well.box && { isFilledIn: false }),
        ...(said && { content: said.content, since: said.from_frame, contentBy: well.contentBy }),
      },
    ];
  });
  return rows.sort(byPlace);
}

const UNSEEN = {
  content: 'empty',
  confidence: 0,
  since: null,
  alerts: 0,
  isFilledIn: false,
  contentBy: null,
} as const;

function blank(name: string): Mark {
  const [row, column] = placeOf(name);
  return { ...UNSEEN, name, row, column, boxBy: null, cx: 0, cy: 0, rx: 0, ry: 0 };
}
