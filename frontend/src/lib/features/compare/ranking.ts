/** What embryos can be put in order by: as the address names them, their place, a decision, a score or an onset. */
export type Order = 'given' | 'place' | 'decision' | `score:${string}` | `onset:${string}`;
export type Direction = 'ascending' | 'descending';

export interface Ranked {
  place: { dish: string; row: number; column: number };
  decision: string;
  scores: ReadonlyMap<string, number | null>;
  onsets: ReadonlyMap<string, number | null>;
}

const DECISIONS = ['transfer', 'freeze', 'undecided', 'avoid'];

/** The way round that a person means first: the best score, the earliest onset. */
export const usualDirection = (order: Order): Direction =>
  order.startsWith('score:') ? 'descending' : 'ascending';

/** The embryos in an order; those without the figure come last either way, and equal ones stay as they were. */
export function inOrder<T extends Ranked>(embryos: readonly T[], order: Order, direction: Direction): T[] {
  if (order === 'given') return [...embryos];
  const sign = direction === 'ascending' ? 1 : -1;
  const figures = new Map(embryos.map((embryo) => [embryo, figureOf(embryo, order)]));
  return [...embryos].sort((a, b) => {
    const [one, other] = [figures.get(a) ?? null, figures.get(b) ?? null];
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
    return compared(one, other) * sign;
  });
}

type Figure = readonly (number | string)[];

function figureOf({ place, decision, scores, onsets }: Ranked, order: Order): Figure | null {
  if (order === 'place') return [place.dish, place.row, place.column];
  if (order === 'decision') return [DECISIONS.indexOf(decision)];
  const [kind, name = ''] = order.split(/:(.*)/s);
  const figure = (kind === 'score' ? scores : onsets).get(name);
  return figure === null || figure === undefined ? null : [figure];
}

function compared(a: Figure, b: Figure): number {
  for (const [place, one] of a.entries()) {
    const other = b[place] ?? 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
