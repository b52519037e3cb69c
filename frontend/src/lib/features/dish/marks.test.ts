import { expect, test } from 'vitest';
import type { ContentChange, KeyFrame, WellValue } from '$lib/api/types';
import { AT_REST, place, placementOf } from './geometry';
import { latestAt, marksAt } from './marks';
import { wellRows } from './rows';

const well = (column: number, content: WellValue['content'] = 'embryo'): WellValue => ({
  row: 0,
  column,
  name: `A${column + 1}`,
  box: [column * 100, 0, column * 100 + 40, 20],
  content,
  confidence: 0.9,
  content_probabilities: {},
  is_filled_in: false,
});

const key = (frame_index: number, wells: WellValue[]): KeyFrame => ({
  frame_index,
  layout: '1x2',
  is_lattice_consistent: true,
  lattice_residual_px: 0,
  reason: '',
  wells,
});

const change = (frame_index: number, column: number, content: WellValue['content']): ContentChange => ({
  frame_index,
  row: 0,
  column,
  name: `A${column + 1}`,
  content,
  previous: null,
  confidence: 0.8,
});

test('a box follows the dish by scale, turn and shift', () => {
  const placement = placementOf([2, Math.PI / 2, 5, 7, 1, 0]);
  const { cx, cy, rx, ry } = place([10, 0, 30, 10], placement);
  // The centre (20, 5) turned by a quarter is (-5, 20); then twice as large, then moved.
  expect([cx, cy].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([-5, 47]);
  expect([rx, ry]).toEqual([20, 10]);
});

test('a frame takes the wells of its latest key frame and what they held by then', () => {
  const findings = {
    key_frames: [key(0, [well(0), well(1)]), key(10, [well(0, 'empty')])],
    content_changes: [change(3, 0, 'gas'), change(6, 0, 'embryo_gas')],
  };
  const contents = (frame: number): string[] =>
    marksAt(findings, AT_REST, frame).marks.map(({ content }) => content);
  expect(contents(0)).toEqual(['embryo', 'embryo']);
  expect(contents(3)).toEqual(['gas', 'embryo']);
  expect(contents(9)).toEqual(['embryo_gas', 'embryo']);
  expect(contents(10)).toEqual(['embryo_gas']);
});

test('what was said of wells under other names does not count for those that have them now', () => {
  const guessed = { ...key(0, [well(0), well(1)]), is_lattice_consistent: false };
  const findings = {
    key_frames: [guessed, key(10, [well(0, 'empty')]), key(20, [well(0, 'empty')])],
    content_changes: [change(3, 0, 'gas'), change(12, 0, 'embryo')],
  };
  const content = (frame: number): string | undefined => marksAt(findings, AT_REST, frame).marks[0]?.content;
  expect([5, 10, 12, 25].map(content)).toEqual(['gas', 'empty', 'embryo', 'embryo']);
});

test('a frame that was not followed shows no marks, but a key frame shows its own at once', () => {
  const findings = { key_frames: [key(0, [well(0)])], content_changes: [] };
  expect(marksAt(findings, undefined, 0).standing).toBe('known');
  expect(marksAt(findings, undefined, 1)).toEqual({
    standing: 'not_analysed',
    isGasOutside: false,
    marks: [],
  });
});

test('an unusable frame says so and shows no marks', () => {
  const findings = { key_frames: [key(0, [well(0)])], content_changes: [] };
  const { standing, marks } = marksAt(findings, placementOf([1, 0, 0, 0, 0, 0]), 4);
  expect([standing, marks]).toEqual(['unusable', []]);
});

test('the latest entry at a frame is found by halving', () => {
  const sorted = [0, 4, 4, 9].map((frame_index, place_in_list) => ({ frame_index, place_in_list }));
  expect([-1, 0, 3, 4, 8, 100].map((frame) => latestAt(sorted, frame)?.place_in_list)).toEqual([
    undefined,
    0,
    0,
    2,
    2,
    3,
  ]);
});

test('the table tells what each well holds at the frame, and since when', () => {
  const state = {
    wells: [well(0, 'embryo'), well(1)],
    key_frames: [key(0, [well(0), well(1)])],
    content_changes: [change(5, 0, 'gas')],
    alerts: [{ kind: 'gas_in_well' as const, frame_index: 5, place: 'A1', detail: '' }],
  };
  expect(wellRows(state, 4).map(({ content, since }) => [content, since])).toEqual([
    ['embryo', 0],
    ['embryo', 0],
  ]);
  expect(wellRows(state, 5)[0]).toMatchObject({ content: 'gas', since: 5, alerts: 1, confidence: 0.8 });
});

test('a frame with another layout shows its own wells, and one without any shows those known before', () => {
  const state = {
    wells: [well(0), well(1), well(2)],
    key_frames: [key(0, [well(0)]), key(5, [well(0), well(1)]), key(9, [])],
    content_changes: [],
    alerts: [],
  };
  const names = (frame: number): string[] => wellRows(state, frame).map(({ name }) => name);
  expect(names(1)).toEqual(['A1']);
  expect(names(6)).toEqual(['A1', 'A2']);
  expect(names(9)).toEqual(['A1', 'A2', 'A3']);
});
