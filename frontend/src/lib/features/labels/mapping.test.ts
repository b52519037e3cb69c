import { expect, test } from 'vitest';
import { keepOrder, merged, rowsOf } from './mapping';
import type { FoundWord } from './types';

const word = (
  text: string,
  count: number,
  meaning: FoundWord['meaning'] = null,
  kind: FoundWord['kind'] = 'choice',
): FoundWord => ({ text, kind, count, meaning });

test('words that nobody gave a meaning come first, the most frequent before all', () => {
  const rows = rowsOf([word('E', 90, 'content.embryo'), word('Пузырь', 3), word('странно', 7)], {});
  expect(rows.map(({ text, isOpen }) => [text, isOpen])).toEqual([
    ['странно', true],
    ['Пузырь', true],
    ['E', false],
  ]);
});

test('what a person says counts more than the preset, also that it means nothing', () => {
  const rows = rowsOf([word('E', 9, 'content.embryo')], { E: 'content.gas' });
  expect(rows[0]).toMatchObject({ chosen: 'content.gas', isOpen: false });
  expect(rowsOf([word('E', 9, 'content.embryo')], { E: 'ignored' })[0]?.chosen).toBe('ignored');
});

test('a row stays where it was while it is answered', () => {
  const before = rowsOf([word('a', 1), word('b', 5)], {});
  const order = before.map(({ key }) => key);
  const after = rowsOf([word('a', 1), word('b', 5)], { b: 'well' });
  expect(after.map(({ text }) => text)).toEqual(['a', 'b']);
  expect(keepOrder(after, order).map(({ text }) => text)).toEqual(['b', 'a']);
});

test('the same word of two kinds is two rows', () => {
  const rows = rowsOf([word('Well', 2, null, 'label'), word('Well', 2)], {});
  expect(new Set(rows.map(({ key }) => key)).size).toBe(2);
});

test('words are the same whatever their case and blanks, and a meaning can be taken away', () => {
  const before = { well: 'well', e: 'content.embryo' } as const;
  expect(merged(before, { E: 'content.gas', ' Эмбрион  ОК ': 'content.embryo' })).toEqual({
    well: 'well',
    e: 'content.gas',
    'эмбрион ок': 'content.embryo',
  });
  expect(merged(before, { Well: '' })).toEqual({ e: 'content.embryo' });
});
