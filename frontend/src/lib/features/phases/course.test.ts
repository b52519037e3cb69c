import { expect, test } from 'vitest';
import type { CallValue, OnsetValue, ProfileValue } from '$lib/api/types';
import { courseOf, hasEmbryo, stretchAt, turnsOf } from './course';

const onset = (phase: OnsetValue['phase'], frame: number): OnsetValue => ({
  phase,
  frame_index: frame,
  hours_post_insemination: null,
  low: frame - 1,
  high: frame + 1,
  confidence: 0.9,
  is_censored: frame === 0,
});

const call = (frame: number, stage: CallValue['stage'], change: Partial<CallValue> = {}): CallValue => ({
  frame_index: frame,
  hours_post_insemination: null,
  stage,
  coarse: 'cleavage',
  confidence: 0.8,
  ...change,
});

const profile = (change: Partial<ProfileValue> = {}): ProfileValue => ({
  row: 0,
  column: 0,
  name: 'A1',
  is_final: false,
  is_coarse: false,
  frames_called: 30,
  last: call(29, 't4'),
  onsets: [onset('tPNa', 0), onset('t2', 10), onset('t4', 20)],
  intervals: [],
  events: [],
  ...change,
});

const told = (course: ReturnType<typeof courseOf>): [string, number, number][] =>
  course.stretches.map(({ stage, first, end }) => [stage, first, end]);

test('a phase lasts until the next one begins, the last one as far as the frames were read', () => {
  const course = courseOf(profile(), [], 100);
  expect(told(course)).toEqual([
    ['tPNa', 0, 10],
    ['t2', 10, 20],
    ['t4', 20, 30],
  ]);
  expect(stretchAt(course, 19)?.stage).toBe('t2');
  expect(stretchAt(course, 20)?.stage).toBe('t4');
  expect(stretchAt(course, 30)).toBeNull();
});

test('a final profile reaches to the end of the recording', () => {
  expect(told(courseOf(profile({ is_final: true }), [], 100)).at(-1)).toEqual(['t4', 20, 100]);
});

test('beyond the decoded frames single ones grow a provisional course', () => {
  const calls = [call(32, 't4'), call(36, 't8'), call(40, 't8')];
  const course = courseOf(profile(), calls, 100);
  expect(told(course).slice(3)).toEqual([
    ['t4', 30, 36],
    ['t8', 36, 41],
  ]);
  expect(course.stretches.map(({ isProvisional }) => isProvisional)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(told(courseOf(profile({ is_final: true }), calls, 100))).toHaveLength(3);
});

test('before any profile was decoded the calls alone are a course', () => {
  expect(told(courseOf(null, [call(4, 't2'), call(8, 't2')], 100))).toEqual([['t2', 4, 9]]);
});

test('a small embryo is named no finer than its coarse stage', () => {
  const course = courseOf(
    profile({ is_coarse: true }),
    [call(35, 't8'), call(38, 't9+', { coarse: 'blastulation' })],
    100,
  );
  expect(course.stretches.map(({ coarse }) => coarse)).toEqual([
    'pronuclear',
    'cleavage',
    'cleavage',
    'cleavage',
    'blastulation',
  ]);
  expect(course.stretches.every(({ stage }) => stage !== 't8')).toBe(true);
});

test('an emptied well is empty from there on, and a stage without an onset is told for its frame alone', () => {
  const emptied = { kind: 'well_emptied', first_frame: 25, last_frame: 29, confidence: 1, detail: '' };
  expect(told(courseOf(profile({ is_final: true, events: [emptied] }), [], 30)).slice(2)).toEqual([
    ['t4', 20, 25],
    ['empty', 25, 30],
  ]);
  const degenerate = profile({ last: call(29, 'degenerate') });
  expect(told(courseOf(degenerate, [], 100)).slice(2)).toEqual([
    ['t4', 20, 29],
    ['degenerate', 29, 30],
  ]);
});

test('a well that never held an embryo has no course to show', () => {
  expect(hasEmbryo(courseOf(profile({ onsets: [], last: call(29, 'empty') }), [], 100))).toBe(false);
  expect(hasEmbryo(courseOf(null, [call(0, 'not_seen')], 100))).toBe(false);
  expect(hasEmbryo(courseOf(profile(), [], 100))).toBe(true);
});

test('one can go from onset to onset and to every event, in order', () => {
  const collapse = { kind: 'collapse', first_frame: 15, last_frame: 18, confidence: 1, detail: '' };
  expect(turnsOf(courseOf(profile({ events: [collapse] }), [], 100))).toEqual([0, 10, 15, 20]);
});
