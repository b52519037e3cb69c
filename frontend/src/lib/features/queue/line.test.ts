import { expect, test } from 'vitest';
import { keyOf, merged, nextOpen, type Fates } from './line';

const item = (place: string, version = 0) => ({ stack: 's', place, version });
const fates = (entries: Record<string, 'sending' | 'accepted' | 'refused'>): Fates =>
  new Map(Object.entries(entries).map(([place, fate]) => [`s:${place}`, fate]));
const [a, b, c] = [item('A1'), item('A2'), item('A3')];

test('the next item is the next that still waits, around the end of the list', () => {
  expect(nextOpen([a, b, c], fates({ A2: 'accepted' }), keyOf(a))).toBe(c);
  expect(nextOpen([a, b, c], fates({ A2: 'sending' }), keyOf(c))).toBe(a);
  expect(nextOpen([a, b, c], fates({ A1: 'accepted', A3: 'accepted' }), keyOf(b))).toBeNull();
});

test('what the server refused waits again', () => {
  expect(nextOpen([a, b], fates({ A1: 'refused' }), keyOf(b))).toBe(a);
});

test('nothing waits in an empty list', () => {
  expect(nextOpen([], new Map(), null)).toBeNull();
});

test('a fresh list keeps what was decided here in its place and drops what others took', () => {
  const fresh = [item('A3', 4), item('B1')];
  const places = merged([a, b, c], fresh, fates({ A2: 'accepted' })).map(({ place }) => place);
  expect(places).toEqual(['A2', 'A3', 'B1']);
});

test('a fresh list brings the versions of today', () => {
  expect(merged([a, b, c], [item('A1', 7), b, c], new Map())[0]?.version).toBe(7);
});
