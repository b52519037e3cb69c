import type { KeyFrame } from '$lib/api/types';
import type { Box, Ellipse, Placement } from '$lib/features/dish/geometry';
import { AT_REST, place } from '$lib/features/dish/geometry';
import { latestAt } from '$lib/features/dish/marks';
import type { BoxAt } from './fields';

const middle = ([x0, y0, x1, y1]: Box): [number, number] => [(x0 + x1) / 2, (y0 + y1) / 2];

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

export const boxOf = ({ cx, cy, rx, ry }: Ellipse): Box => [cx - rx, cy - ry, cx + rx, cy + ry];

/** How far the wells lie from where they lay in another key frame, by those that both have. */
function shiftBetween(from: KeyFrame | undefined, to: KeyFrame | undefined): [number, number] {
  if (!from || !to || from === to) return [0, 0];
  const moves = to.wells.flatMap((well) => {
    const before = from.wells.find(({ name }) => name === well.name);
    if (!before) return [];
    const [[x, y], [bx, by]] = [middle(well.box), middle(before.box)];
    return [[x - bx, y - by] as const];
  });
  return [median(moves.map(([dx]) => dx)), median(moves.map(([, dy]) => dy))];
}

/** A box as it lies in its own frame, laid back onto the key frame of it. */
function unplaced(box: Box, { scale, rotation, dx, dy }: Placement): Box {
  const [x, y] = middle(box);
  const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
  const [px, py] = [(x - dx) / scale, (y - dy) / scale];
  const [cx, cy] = [cos * px + sin * py, -sin * px + cos * py];
  const [rx, ry] = [(box[2] - box[0]) / 2 / scale, (box[3] - box[1]) / 2 / scale];
  return boxOf({ cx, cy, rx, ry });
}

/** Where a box that was drawn on one frame lies in another: it moves with the dish, as the machine's wells do. */
export function carried(
  said: BoxAt,
  frame: number,
  keys: readonly KeyFrame[],
  placementAt: (frame: number) => Placement | undefined,
): Ellipse {
  if (said.frame_index === frame) return place(said.box, AT_REST);
  const [x0, y0, x1, y1] = unplaced(said.box, placementAt(said.frame_index) ?? AT_REST);
  const [dx, dy] = shiftBetween(latestAt(keys, said.frame_index), latestAt(keys, frame));
  return place([x0 + dx, y0 + dy, x1 + dx, y1 + dy], placementAt(frame) ?? AT_REST);
}

/** A box moved and made larger about its middle, kept within the picture and no smaller than can be seen. */
export function nudged(
  box: Box,
  by: { dx?: number; dy?: number; wider?: number; taller?: number },
  picture: { width: number; height: number },
): Box {
  const { dx = 0, dy = 0, wider = 0, taller = 0 } = by;
  const half = (low: number, high: number, more: number, most: number): number =>
    Math.max(LEAST_PX, Math.min(most, high - low + more)) / 2;
  const [rx, ry] = [half(box[0], box[2], wider, picture.width), half(box[1], box[3], taller, picture.height)];
  const [x, y] = middle(box);
  const cx = Math.min(picture.width - rx, Math.max(rx, x + dx));
  const cy = Math.min(picture.height - ry, Math.max(ry, y + dy));
  return boxOf({ cx, cy, rx, ry }).map((value) => Math.round(value * 10) / 10) as Box;
}

const LEAST_PX = 8;

/** A box with one of its corners drawn to a point; the opposite one stays. */
export function drawn(
  box: Box,
  corner: 0 | 1 | 2 | 3,
  { x, y }: { x: number; y: number },
  picture: { width: number; height: number },
): Box {
  const [atX, atY] = [Math.min(picture.width, Math.max(0, x)), Math.min(picture.height, Math.max(0, y))];
  const [isRight, isLow] = [corner === 1 || corner === 2, corner >= 2];
  const [x0, y0, x1, y1] = box;
  const next: Box = [
    isRight ? x0 : Math.min(atX, x1 - LEAST_PX),
    isLow ? y0 : Math.min(atY, y1 - LEAST_PX),
    isRight ? Math.max(atX, x0 + LEAST_PX) : x1,
    isLow ? Math.max(atY, y0 + LEAST_PX) : y1,
  ];
  return next.map((value) => Math.round(value * 10) / 10) as Box;
}
