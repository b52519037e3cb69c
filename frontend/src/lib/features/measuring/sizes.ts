export type Kind = 'line' | 'circle' | 'polygon';
export type Point = readonly [number, number];
/** What one pixel is long across and down. */
export type Scale = readonly [number, number];

/** A line's length; a circle's diameter and area; a polygon's outline and area. */
export interface Size {
  length: number;
  area: number | null;
}

const PIXELS: Scale = [1, 1];
const ROUND = [5, 2, 1];

/** In the unit of `scale`; the server reckons the same anew and keeps its own figure. */
export function sizeOf(kind: Kind, drawn: readonly Point[], scale: Scale = PIXELS): Size {
  const points = drawn.map(([x, y]): Point => [x * scale[0], y * scale[1]]);
  const [first, second] = points;
  if (!first || !second) return { length: 0, area: kind === 'line' ? null : 0 };
  if (kind === 'line') return { length: apart(first, second), area: null };
  if (kind === 'circle') {
    const radius = apart(first, second);
    return { length: 2 * radius, area: Math.PI * radius ** 2 };
  }
  const sides = sidesOf(points);
  const crossed = sides.reduce((sum, [[x0, y0], [x1, y1]]) => sum + x0 * y1 - x1 * y0, 0);
  return {
    length: sides.reduce((sum, [from, to]) => sum + apart(from, to), 0),
    area: Math.abs(crossed) / 2,
  };
}

/** The longest round length whose bar is no longer than `most` on the screen, where a micrometre is `perUm` there. */
export function barOf(perUm: number, most: number): { um: number; px: number } {
  const longest = most / perUm;
  const power = 10 ** Math.floor(Math.log10(longest));
  const um = (ROUND.find((one) => one * power <= longest) ?? 1) * power;
  return { um, px: um * perUm };
}

/** Whether two sides of the closed outline cross, so that it has no area. */
export function crossesItself(points: readonly Point[]): boolean {
  const sides = sidesOf(points);
  return sides.some(([a, b], one) =>
    sides.some(
      ([c, d], other) => other > one + 1 && !(one === 0 && other === sides.length - 1) && doCross(a, b, c, d),
    ),
  );
}

/** Enough points for what is drawn: two, or the corners of an outline. */
export const isWhole = (kind: Kind, points: readonly Point[]): boolean =>
  kind === 'polygon' ? points.length >= 3 && !crossesItself(points) : points.length === 2;

/** How large a point's figures need to be: a tenth of a pixel is finer than anybody can point. */
export const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Within the picture, to a tenth of a pixel. */
export function clamped([x, y]: Point, { width, height }: { width: number; height: number }): Point {
  const within = (value: number, most: number): number => tenth(Math.min(most, Math.max(0, value)));
  return [within(x, width), within(y, height)];
}

export const apart = ([x0, y0]: Point, [x1, y1]: Point): number => Math.hypot(x1 - x0, y1 - y0);

function sidesOf(points: readonly Point[]): [Point, Point][] {
  return points.map((point, place) => [point, points[(place + 1) % points.length] ?? point]);
}

const turn = (a: Point, b: Point, c: Point): number =>
  (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

const doCross = (a: Point, b: Point, c: Point, d: Point): boolean =>
  turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
