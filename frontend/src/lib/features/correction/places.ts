import type { Mark } from '$lib/features/dish/marks';

const MOST = 10;

/** Row and column of a name such as B3, from 0. */
export const placeOf = (name: string): [row: number, column: number] => [
  name.charCodeAt(0) - 65,
  Number(name.slice(1)) - 1,
];

export const nameOf = (row: number, column: number): string =>
  `${String.fromCharCode(65 + row)}${column + 1}`;

export function byPlace(a: { name: string }, b: { name: string }): number {
  const [[row, column], [otherRow, otherColumn]] = [placeOf(a.name), placeOf(b.name)];
  return row - otherRow || column - otherColumn;
}

/** Rows and columns of a layout such as 4x3. */
export function sizeOf(layout: string): [rows: number, columns: number] | null {
  const [, rows, columns] = /^(\d+)x(\d+)$/.exec(layout) ?? [];
  return rows && columns ? [Number(rows), Number(columns)] : null;
}

/** Places without a well: those of the lattice, or where all of these are taken any that a dish can have. */
export function freePlaces(layout: string, taken: ReadonlySet<string>): string[] {
  const within = ([rows, columns]: [number, number]): string[] =>
    Array.from({ length: rows * columns }, (_, at) => nameOf(Math.floor(at / columns), at % columns)).filter(
      (name) => !taken.has(name),
    );
  const size = sizeOf(layout);
  const free = size ? within(size) : [];
  return free.length > 0 ? free : within([MOST, MOST]);
}

const mean = (values: number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

type Lying = Pick<Mark, 'name' | 'cx' | 'cy' | 'rx' | 'ry'>;

/** Where a well of this name would lie by its row and column, as large as the others. */
export function guessed(
  name: string,
  marks: readonly Lying[],
  otherwise: { x: number; y: number; r: number },
) {
  const [row, column] = placeOf(name);
  const cx = mean(marks.filter((mark) => placeOf(mark.name)[1] === column).map((mark) => mark.cx));
  const cy = mean(marks.filter((mark) => placeOf(mark.name)[0] === row).map((mark) => mark.cy));
  return {
    cx: cx ?? otherwise.x,
    cy: cy ?? otherwise.y,
    rx: mean(marks.map((mark) => mark.rx)) ?? otherwise.r,
    ry: mean(marks.map((mark) => mark.ry)) ?? otherwise.r,
  };
}
