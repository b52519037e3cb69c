import { expect, test } from 'vitest';
import type { CorrectionValue } from '$lib/api/types';
import { contentAt, correctedOf, fieldsOf, isWithin, saidFrom, withoutRange, withRange } from './fields';
import { fieldText, valueText } from './telling';

const correction: CorrectionValue = {
  stack: 's',
  version: 3,
  layout: '2x3',
  unusable: [[4, 6]],
  wells: {
    A1: { content: [{ from_frame: 0, content: 'gas' }] },
    B2: { is_added: true, box: { frame_index: 2, box: [0, 0, 10, 10] } },
    A2: { is_removed: true },
  },
  corrected_by: { 'wells.A1.content': { by_name: 'Anna', at: '2026-03-01T10:00:00Z' } },
};

test('corrections are listed by the names that a change gives its fields', () => {
  expect(fieldsOf(null)).toEqual({});
  expect(Object.keys(fieldsOf(correction)).sort()).toEqual([
    'layout',
    'unusable',
    'wells.A1.content',
    'wells.A2.is_removed',
    'wells.B2.box',
    'wells.B2.is_added',
  ]);
});

test('a corrected well knows what was said of it, and by whom', () => {
  const { wells, layout } = correctedOf(fieldsOf(correction), (field) => {
    const by = correction.corrected_by[field];
    return by ? { name: by.by_name, at: by.at } : null;
  });
  expect(layout).toBe('2x3');
  expect(wells.get('A1')).toMatchObject({ contentBy: { name: 'Anna' }, box: null, isRemoved: false });
  expect(wells.get('A2')?.isRemoved).toBe(true);
  expect(wells.get('B2')).toMatchObject({ isAdded: true, box: { frame_index: 2 } });
});

test('a content holds from its frame on, up to what was said of later ones', () => {
  const said = saidFrom([{ from_frame: 0, content: 'embryo' }], 10, 'gas');
  expect([0, 9, 10, 99].map((frame) => contentAt(said, frame)?.content)).toEqual([
    'embryo',
    'embryo',
    'gas',
    'gas',
  ]);
  expect(contentAt([{ from_frame: 5, content: 'gas' }], 4)).toBeNull();
  // Between the two it is said anew; the later word stays.
  expect(saidFrom(said, 4, 'empty').map(({ from_frame }) => from_frame)).toEqual([0, 4, 10]);
  // What says the same as the word before it adds nothing.
  expect(saidFrom(said, 4, 'gas')).toEqual([
    { from_frame: 0, content: 'embryo' },
    { from_frame: 4, content: 'gas' },
  ]);
  expect(saidFrom(said, 10, 'embryo')).toEqual([{ from_frame: 0, content: 'embryo' }]);
});

test('ranges of unusable frames join, and a frame can be taken out of one', () => {
  expect(withRange([[4, 6]], [7, 9])).toEqual([[4, 9]]);
  expect(withRange([[4, 6]], [0, 2])).toEqual([
    [0, 2],
    [4, 6],
  ]);
  expect(withRange([[0, 9]], [2, 3])).toEqual([[0, 9]]);
  expect(withoutRange([[4, 6]], [5, 5])).toEqual([
    [4, 4],
    [6, 6],
  ]);
  expect(withoutRange([[4, 6]], [4, 6])).toEqual([]);
  expect(withoutRange([[4, 6]], [8, 9])).toEqual([[4, 6]]);
  expect([3, 4, 6, 7].map((frame) => isWithin([[4, 6]], frame))).toEqual([false, true, true, false]);
});

test('both values of a disagreement are told in words', () => {
  const words = {
    t: (key: string, values?: Record<string, unknown>) => [key, ...Object.values(values ?? {})].join(' '),
    format: { number: String },
  } as unknown as Parameters<typeof fieldText>[1];
  expect(fieldText('wells.A1.content', words)).toBe('A1: wells.content');
  expect(valueText('layout', '2x3', words)).toBe('2 × 3');
  expect(
    valueText(
      'unusable',
      [
        [3, 3],
        [5, 8],
      ],
      words,
    ),
  ).toBe('4, 6–9');
  expect(valueText('wells.A1.content', [{ from_frame: 0, content: 'gas' }], words)).toBe('content.gas');
  expect(valueText('wells.A1.box', { frame_index: 0, box: [1, 2, 3, 4] }, words)).toBe('1, 2, 3, 4');
  expect(valueText('wells.A1.box', null, words)).toBe('correct.machines');
});
