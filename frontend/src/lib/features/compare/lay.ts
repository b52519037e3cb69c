export interface Lay {
  columns: number;
  /** The side of each square picture. */
  side: number;
}

/** What stands around each picture: its name and figures above and its profile below. */
export const AROUND = { width: 18, height: 76 };
const LEAST_SIDE = 112;
const MOST_SIDE = 560;

/** How many columns give the largest pictures of `count` embryos in this room. */
export function layOf(count: number, width: number, height: number, gap: number): Lay {
  let best: Lay = { columns: 1, side: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const across = (width - gap * (columns - 1)) / columns - AROUND.width;
    const down = (height - gap * (rows - 1)) / rows - AROUND.height;
    const side = Math.floor(Math.min(across, Math.max(down, LEAST_SIDE), MOST_SIDE));
    if (side > best.side) best = { columns, side };
  }
  return { ...best, side: Math.max(best.side, LEAST_SIDE / 2) };
}

/** Where an arrow key leads from a place in a grid; at the edges it stays. */
export function moved(
  here: number,
  count: number,
  columns: number,
  key: 'left' | 'right' | 'up' | 'down',
): number {
  if (count === 0) return -1;
  if (here < 0) return 0;
  const to = here + { left: -1, right: 1, up: -columns, down: columns }[key];
  if (to >= 0 && to < count) return to;
  // The last row may be shorter: down from above its gap leads to its end.
  const hasRowBelow = Math.floor(here / columns) < Math.floor((count - 1) / columns);
  return key === 'down' && hasRowBelow ? count - 1 : here;
}
