import { expect, test } from 'vitest';
import { carried, changesOf, draftOf, wrongIn, type Geometry } from './spacing';

const ENTERED = { pitch_um: 420, well_um: null, by_name: 'Ada', at: '2026-01-01T00:00:00Z' };
const known: Geometry = { layouts: { '3x3': ENTERED, '6x4': { ...ENTERED, well_um: 200 } }, version: 1 };

test('the usual layouts are there to be filled in, and those that the lab named', () => {
  const draft = draftOf(known);
  expect(Object.keys(draft)).toEqual(['3x3', '4x3', '4x4', '5x5', '6x4']);
  expect([draft['3x3'], draft['4x3'], draft['6x4']?.well]).toEqual([
    { pitch: '420', well: '' },
    { pitch: '', well: '' },
    '200',
  ]);
  expect(changesOf(known, draft)).toEqual({});
});

test('only what was typed is asked for; an emptied figure forgets the layout', () => {
  const draft = { ...draftOf(known), '4x3': { pitch: '450,5', well: '' }, '3x3': { pitch: '', well: '' } };
  expect(changesOf(known, draft)).toEqual({ '3x3': null, '4x3': { pitch_um: 450.5, well_um: null } });
});

test.each([
  [{ pitch: '0.42', well: '' }],
  [{ pitch: 'wide', well: '' }],
  [{ pitch: '420', well: '420' }],
  [{ pitch: '', well: '200' }],
])('%o cannot be', (row) => {
  expect(wrongIn({ '3x3': row, '4x3': { pitch: '450', well: '200' } })).toEqual(['3x3']);
});

test('what somebody else entered meanwhile stays beside what is typed here', () => {
  const draft = { ...draftOf(known), '4x4': { pitch: '300', well: '' } };
  const now = { layouts: { ...known.layouts, '5x5': ENTERED }, version: 2 };
  expect(carried(known, draft, now)).toMatchObject({ '4x4': { pitch: '300' }, '5x5': { pitch: '420' } });
});
