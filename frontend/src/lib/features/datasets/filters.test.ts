import { expect, test } from 'vitest';
import { narrowing, toggled } from './filters';
import type { Filters } from './types';

const all: Filters = {
  sources: ['labels', 'people'],
  dishes: [],
  patients: [],
  annotators: [],
  imports: [],
  meanings: [],
  ground_truth_only: false,
  since: null,
  until: null,
  frames_a_phase: 8,
};

test('choosing a thing twice leaves it out again', () => {
  expect(toggled([], 'a')).toEqual(['a']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});

test('an empty choice narrows nothing, every other one does', () => {
  expect(narrowing(all)).toBe(0);
  expect(narrowing({ ...all, sources: ['labels'], meanings: ['gas'], since: '2026-01-01' })).toBe(3);
});
