import { expect, test } from 'vitest';
import type { Well } from '$lib/features/readers/asked';
import { asksAbout, momentOf, type Fate } from './fates';

const WELLS: Well[] = [
  { place: 'A1', content: 'embryo' },
  { place: 'A2', content: 'empty' },
  { place: 'A3', content: 'empty' },
];
const told = (place: string, fate: Fate['fate']): [string, Fate] => [
  place,
  { dish: 'd', place, version: 1, fate, by_name: 'Ada', at: null },
];

test('embryos are asked about, and wells of which a fate was told although they look empty', () => {
  const fates = new Map([told('A3', 'frozen'), told('A2', '')]);
  expect(asksAbout(WELLS, fates, false).map(({ place }) => place)).toEqual(['A1', 'A3']);
  expect(asksAbout(WELLS, fates, true)).toHaveLength(3);
});

test('no moment means now, and a typed one is told with its zone', () => {
  expect(momentOf('')).toBeNull();
  expect(momentOf('soon')).toBeNull();
  expect(momentOf('2026-03-01T10:30')).toBe(new Date(2026, 2, 1, 10, 30).toISOString());
});
