import { expect, test } from 'vitest';
import type { EmbryoEventValue, OnsetValue, PhaseName } from '$lib/api/types';
import { PHASES } from '$lib/features/phases/stages';
import { outOfOrder, snapped, stretchesOf } from './course';
import type { Fields } from '$lib/keeping/fields';
import { GRADES, optionOf } from './grades';
import { acceptedValue, nearestWord, rejectedValue, verdictOn, wordsOf } from './machine';
import { PHASE_KEYS, saidOf } from './phases';
import { Stopwatch } from './stopwatch';

const onset = (phase: PhaseName, frame_index: number, is_censored = false): OnsetValue => ({
  phase,
  frame_index,
  hours_post_insemination: frame_index,
  low: frame_index - 1,
  high: frame_index + 1,
  confidence: 0.9,
  is_censored,
});
const gas: EmbryoEventValue = {
  kind: 'gas_bubble',
  first_frame: 40,
  last_frame: 60,
  hours_post_insemination: 40,
  confidence: 0.8,
  detail: '',
} as EmbryoEventValue;
const words = wordsOf([onset('tPB2', 0, true), onset('t2', 40), onset('t3', 90)], [gas]);
const own = (frame_index: number) => ({ frame_index, source: 'own' });

test('what began before the recording cannot be judged', () => {
  expect(words.map(({ field }) => field)).toEqual(['onsets.t2', 'events.gas_bubble@40', 'onsets.t3']);
});

test('the nearest word is meant, and of two at one frame the one that is not judged yet', () => {
  expect(nearestWord(words, 80, {})?.field).toBe('onsets.t3');
  expect(nearestWord(words, 40, {})?.field).toBe('onsets.t2');
  const t2 = words[0];
  const judged: Fields = t2 ? { [t2.field]: acceptedValue(t2) } : {};
  expect(nearestWord(words, 40, judged)?.field).toBe('events.gas_bubble@40');
});

test('a word is accepted as it was, rejected as something that is not there, or said otherwise', () => {
  for (const word of words) {
    expect(verdictOn(word, {})).toBeNull();
    expect(verdictOn(word, { [word.field]: acceptedValue(word) })).toBe('accepted');
    expect(verdictOn(word, { [word.field]: rejectedValue(word) })).toBe('rejected');
  }
  const t2 = words[0];
  expect(t2 && verdictOn(t2, { 'onsets.t2': own(41) })).toBe('differs');
});

test('an onset that I put at the machine’s frame is mine all the same', () => {
  const t2 = words[0];
  expect(t2 && verdictOn(t2, { 'onsets.t2': own(40) })).toBe('differs');
  expect(saidOf({ 'onsets.t2': own(40) }, 't2')).toEqual({ frame: 40, source: 'own' });
  expect(saidOf({ 'onsets.t2': { is_absent: true } }, 't2')).toBe('absent');
});

test('a reading is drawn in order of time, and the last phase has no end that anybody saw', () => {
  const fields: Fields = { 'onsets.t3': own(90), 'onsets.t2': own(40), 'onsets.t4': { is_absent: true } };
  expect(stretchesOf(fields).map(({ phase, first, end }) => [phase, first, end])).toEqual([
    ['t2', 40, 90],
    ['t3', 90, null],
  ]);
});

test('phases out of order are named', () => {
  expect(outOfOrder({ 'onsets.t2': own(90), 'onsets.t3': own(40), 'onsets.t4': own(95) })).toEqual(['t3']);
  expect(outOfOrder({ 'onsets.t2': own(40), 'onsets.t3': own(40) })).toEqual([]);
});

test('a boundary snaps to the machine’s where it is near on the screen, else to the frame', () => {
  const px = (frame: number): number => frame * 2;
  expect(snapped(42, [40, 90], px, 6)).toBe(40);
  expect(snapped(44, [40, 90], px, 6)).toBe(44);
  expect(snapped(44, [], px, 6)).toBe(44);
});

test('every phase has a key of its own, and cells are counted by theirs', () => {
  expect(new Set(PHASES.map((phase) => PHASE_KEYS[phase])).size).toBe(PHASES.length);
  for (const cells of [2, 3, 4, 5, 6, 7, 8] as const) {
    expect(PHASE_KEYS[`t${cells}`]).toBe(`Digit${cells}`);
  }
});

test('grades are chosen by one key each, also on the number pad', () => {
  const grade = (name: string) => GRADES.find((one) => one.name === name) ?? GRADES[0];
  expect(optionOf(grade('expansion') as (typeof GRADES)[number], 'Numpad4')?.value).toBe(4);
  expect(optionOf(grade('icm') as (typeof GRADES)[number], 'KeyB')?.value).toBe('B');
  expect(optionOf(grade('icm') as (typeof GRADES)[number], 'KeyN')).toBeNull();
});

test('pauses in which nobody is there are not counted as work', () => {
  const watch = new Stopwatch();
  for (const at of [0, 4_000, 10_000, 3_600_000, 3_601_000]) watch.tick(at);
  expect(watch.take()).toBe(10 + 30 + 1);
  expect(watch.take()).toBe(0);
});
