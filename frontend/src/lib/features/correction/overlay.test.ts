import { expect, test } from 'vitest';
import type { KeyFrame, WellValue } from '$lib/api/types';
import { placementOf } from '$lib/features/dish/geometry';
import { marksAt } from '$lib/features/dish/marks';
import { wellRows } from '$lib/features/dish/rows';
import { NOTHING_CORRECTED, type Corrected, type CorrectedWell } from './fields';
import { boxOf, carried, drawn, nudged } from './lay';
import { correctedMarks, correctedRows } from './overlay';
import { freePlaces, guessed } from './places';

const well = (column: number, x = column * 100): WellValue => ({
  row: 0,
  column,
  name: `A${column + 1}`,
  box: [x, 0, x + 40, 20],
  content: 'embryo',
  confidence: 0.9,
  content_probabilities: {},
  is_filled_in: true,
});
const key = (frame_index: number, wells: WellValue[]): KeyFrame => ({
  frame_index,
  layout: '1x2',
  is_lattice_consistent: true,
  lattice_residual_px: 0,
  reason: '',
  wells,
});

const ANNA = { name: 'Anna', at: '2026-03-01T10:00:00Z' };
const UNTOUCHED: CorrectedWell = {
  content: [],
  contentBy: null,
  box: null,
  boxBy: null,
  isRemoved: false,
  isAdded: false,
};
const said = (wells: Record<string, Partial<CorrectedWell>>, rest: Partial<Corrected> = {}): Corrected => ({
  ...NOTHING_CORRECTED,
  ...rest,
  wells: new Map(Object.entries(wells).map(([name, one]) => [name, { ...UNTOUCHED, ...one }])),
});

const findings = { key_frames: [key(0, [well(0), well(1)])], content_changes: [] };
const rows = [0, 5, 5, 5].map((dx) => placementOf([1, 0, dx, 0, 1, 0]));
const lying = { keys: findings.key_frames, placementAt: (frame: number) => rows[frame] };
const marks = (frame: number, corrected: Corrected) =>
  correctedMarks(marksAt(findings, rows[frame], frame), frame, corrected, lying);

test('what nobody corrected stays the machine’s', () => {
  expect(marks(1, NOTHING_CORRECTED)).toEqual(marksAt(findings, rows[1], 1));
  expect(marks(1, said({ A2: { isRemoved: true } })).marks[0]).toMatchObject({
    boxBy: null,
    contentBy: null,
  });
});

test('a corrected content says who said so, from its frame on', () => {
  const corrected = said({ A1: { content: [{ from_frame: 2, content: 'gas' }], contentBy: ANNA } });
  expect(marks(1, corrected).marks[0]).toMatchObject({ content: 'embryo', contentBy: null });
  expect(marks(2, corrected).marks[0]).toMatchObject({ content: 'gas', contentBy: ANNA, boxBy: null });
});

test('a removed well is gone and an added one lies where it was drawn', () => {
  const box = { frame_index: 0, box: [10, 100, 50, 120] as [number, number, number, number] };
  const corrected = said({ A1: { isRemoved: true }, B1: { isAdded: true, box, boxBy: ANNA } });
  const shown = marks(0, corrected).marks;
  expect(shown.map(({ name }) => name)).toEqual(['A2', 'B1']);
  expect(shown[1]).toMatchObject({ cx: 30, cy: 110, rx: 20, ry: 10, boxBy: ANNA, isFilledIn: false });
});

test('a box that was drawn on one frame moves with the dish', () => {
  const box = { frame_index: 0, box: [10, 100, 50, 120] as [number, number, number, number] };
  expect(carried(box, 2, lying.keys, lying.placementAt)).toMatchObject({ cx: 35, cy: 110 });
  // Drawn where the dish lay turned, shifted and larger, it comes back to the same place.
  const turned = placementOf([2, Math.PI / 2, 7, 9, 1, 0]);
  const back = carried({ ...box, frame_index: 1 }, 3, lying.keys, (frame) =>
    frame === 1 ? turned : undefined,
  );
  expect([back.cx, back.cy, back.rx, back.ry].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
    50.5, -11.5, 10, 5,
  ]);
});

test('in another key frame it lies as far from where it lay as the wells that both have', () => {
  const keys = [key(0, [well(0), well(1)]), key(2, [well(0, 30), well(1, 130)])];
  const box = { frame_index: 0, box: [0, 0, 40, 20] as [number, number, number, number] };
  expect(carried(box, 2, keys, () => undefined).cx).toBe(50);
});

test('an unusable frame shows no wells and says who marked it', () => {
  const { standing, marks: shown, unusableBy } = marks(2, said({}, { unusable: [[2, 3]], unusableBy: ANNA }));
  expect([standing, shown, unusableBy]).toEqual(['unusable', [], ANNA]);
});

test('where the machine did not look nothing is drawn, save in a dish that was never analysed', () => {
  const box = { frame_index: 0, box: [10, 10, 50, 50] as [number, number, number, number] };
  const corrected = said({ A1: { isAdded: true, box, boxBy: ANNA } });
  expect(marks(9, corrected).marks).toEqual([]);
  const never = { key_frames: [], content_changes: [] };
  const shown = correctedMarks(marksAt(never, undefined, 9), 9, corrected, {
    keys: [],
    placementAt: () => undefined,
  });
  expect(shown.marks.map(({ name }) => name)).toEqual(['A1']);
});

test('the table follows the corrections', () => {
  const state = { ...findings, wells: [well(0), well(1)], alerts: [] };
  const corrected = said({
    A1: { isRemoved: true },
    A2: { content: [{ from_frame: 1, content: 'empty' }], contentBy: ANNA },
    B1: { isAdded: true, boxBy: ANNA },
  });
  const shown = correctedRows(wellRows(state, 2), 2, corrected);
  expect(shown.map(({ name, content, since }) => [name, content, since])).toEqual([
    ['A2', 'empty', 1],
    ['B1', 'empty', null],
  ]);
  expect(shown.map(({ contentBy, boxBy }) => contentBy ?? boxBy)).toEqual([ANNA, ANNA]);
});

test('a box stays within the picture and large enough to see', () => {
  const picture = { width: 200, height: 100 };
  expect(nudged([0, 0, 40, 20], { dx: -5, dy: 3 }, picture)).toEqual([0, 3, 40, 23]);
  expect(nudged([0, 0, 40, 20], { wider: -100 }, picture)).toEqual([16, 0, 24, 20]);
  expect(drawn([0, 0, 40, 20], 2, { x: 500, y: 5 }, picture)).toEqual([0, 0, 200, 8]);
  expect(drawn([0, 0, 40, 20], 0, { x: 10, y: 5 }, picture)).toEqual([10, 5, 40, 20]);
  expect(boxOf({ cx: 20, cy: 10, rx: 20, ry: 10 })).toEqual([0, 0, 40, 20]);
});

test('a missing well is offered where its row and column cross', () => {
  expect(freePlaces('1x3', new Set(['A1', 'A3']))).toEqual(['A2']);
  expect(freePlaces('1x1', new Set(['A1']))[0]).toBe('A2');
  const others = [
    { name: 'A1', cx: 10, cy: 12, rx: 5, ry: 5 },
    { name: 'B2', cx: 50, cy: 62, rx: 7, ry: 7 },
  ];
  expect(guessed('A2', others, { x: 0, y: 0, r: 1 })).toEqual({ cx: 50, cy: 12, rx: 6, ry: 6 });
  expect(guessed('C1', [], { x: 3, y: 4, r: 1 })).toEqual({ cx: 3, cy: 4, rx: 1, ry: 1 });
});
