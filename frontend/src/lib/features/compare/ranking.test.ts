import { expect, test } from 'vitest';
import { inOrder, usualDirection, type Order, type Ranked } from './ranking';

const embryo = (column: number, decision: string, t2: number | null, score: number | null): Ranked => ({
  place: { dish: 'd', row: 0, column },
  decision,
  onsets: new Map([['t2', t2]]),
  scores: new Map([['rule', score]]),
});
const embryos = [
  embryo(2, 'avoid', 27, 0.4),
  embryo(0, 'transfer', null, 0.9),
  embryo(10, 'freeze', 25, null),
  embryo(1, 'undecided', 26, 0.7),
];
const columns = (order: Order, direction = usualDirection(order)): number[] =>
  inOrder(embryos, order, direction).map(({ place }) => place.column);

test('the best score and the earliest onset come first', () => {
  expect(columns('score:rule')).toEqual([0, 1, 2, 10]);
  expect(columns('onset:t2')).toEqual([10, 1, 2, 0]);
});

test('an embryo without the figure is last whichever way round', () => {
  expect(columns('score:rule', 'ascending').at(-1)).toBe(10);
  expect(columns('onset:t2', 'descending').at(-1)).toBe(0);
  expect(columns('onset:tHB')).toEqual([2, 0, 10, 1]);
});

test('places go by number, and decisions from transfer to avoid', () => {
  expect(columns('place')).toEqual([0, 1, 2, 10]);
  expect(columns('decision')).toEqual([0, 10, 1, 2]);
});

test('as given means as the address names them', () => {
  expect(columns('given')).toEqual([2, 0, 10, 1]);
});
