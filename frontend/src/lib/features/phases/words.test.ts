import { expect, test } from 'vitest';
import type { OnsetValue } from '$lib/api/types';
import { Clock } from '$lib/features/dish/clock';
import { Formats } from '$lib/i18n/formats';
import { Translator } from '$lib/i18n/translator.svelte';
import type { Course, Stretch } from './course';
import { eventName, eventText } from './events';
import { frameText, hoursText, onsetText } from './hours';
import { PHASES, STAGES, coarseOf, stageColour, stageFill, stageRank } from './stages';
import { courseText, stretchText } from './words';

const english = new Translator('en');
const russian = new Translator('ru');
const en = { t: english.t, format: new Formats(english), words: english };
const ru = { t: russian.t, format: new Formats(russian), words: russian };

const hours = Array.from({ length: 100 }, (_, frame) => 20 + frame / 4);
const clock = new Clock({ hours_post_insemination: hours, hours_since_start: [] }, 100);
const unknown = new Clock(null, 100);

const onset = (change: Partial<OnsetValue> = {}): OnsetValue => ({
  phase: 't2',
  frame_index: 30,
  hours_post_insemination: 27.4,
  low: 27,
  high: 27.9,
  confidence: 0.93,
  is_censored: false,
  ...change,
});

const stretch = (change: Partial<Stretch> = {}): Stretch => ({
  stage: 't2',
  coarse: null,
  first: 30,
  end: 60,
  onset: onset(),
  isProvisional: false,
  confidence: 0.93,
  ...change,
});

test('hours have a tenth and a unit in the language of the reader', () => {
  expect(hoursText(en, 27.44)).toBe('27.4 h');
  expect(hoursText(ru, 27.44)).toBe('27,4 ч');
  expect(hoursText(en, -0.02)).toBe('0.0 h');
  expect(hoursText(en, -1.5)).toBe('−1.5 h');
  expect(hoursText(en, null)).toBe('—');
});

test('where no hours are known a frame is told by its number, and nothing is guessed', () => {
  expect(frameText(en, clock, 30)).toBe('27.5 h');
  expect(frameText(en, unknown, 131)).toBe('frame 132');
  expect(onsetText(en, unknown, onset({ hours_post_insemination: null, low: 28, high: 33 }))).toBe(
    'frame 31',
  );
});

test('an onset that nobody can place is told by its bounds', () => {
  expect(onsetText(en, clock, onset())).toBe('27.4 h');
  expect(onsetText(en, clock, onset({ low: 25.2, high: 30.8 }))).toBe('25–31 h');
  expect(onsetText(en, clock, onset({ phase: 't6' }))).toBe('27.0–27.9 h');
  expect(onsetText(en, clock, onset({ is_censored: true }))).toBe('≤ 27.4 h');
  expect(onsetText(ru, clock, onset({ low: 25.2, high: 30.8 }))).toBe('25–31 ч');
});

test('a stretch says what it is, since when, between which bounds and how sure', () => {
  expect(stretchText(stretch(), en, clock)).toBe(
    't2, 2 cells from 27.5 h, 90% between 27.0 h and 27.9 h, 93% sure',
  );
  expect(stretchText(stretch({ onset: null, isProvisional: true }), en, clock)).toContain('provisional');
  expect(stretchText(stretch({ coarse: 'cleavage' }), en, clock)).toMatch(/^cleavage from/);
});

test('a strip is summed up in words for those who do not see it', () => {
  const arrest = { kind: 'arrest', first_frame: 40, last_frame: 99, confidence: 0.8, detail: '' };
  const course: Course = { stretches: [stretch()], events: [arrest], isCoarse: false, isFinal: false };
  expect(courseText('B2', course, en, clock)).toBe(
    'Profile of B2: t2 27.4 h. Arrest, 30.0 h, 80% sure. Still growing: the recording is being read.',
  );
  expect(courseText('B2', { ...course, stretches: [] }, en, clock)).toBe('B2: nothing called yet');
});

test('an event of a kind that was added later is told by its own name', () => {
  const event = { kind: 'brand_new', first_frame: 0, last_frame: 1, confidence: 1, detail: '' };
  expect(eventText(event, en, clock)).toBe('brand new, 20.0 h, 100% sure');
  expect(eventName('collapse', russian)).toBe('Коллапс');
});

test('stages stand in order of time, each phase with a colour of its own', () => {
  expect([...STAGES].sort((a, b) => stageRank(a) - stageRank(b))).toEqual(STAGES);
  expect(new Set(PHASES.map(stageColour)).size).toBe(16);
  expect(stageColour('t9+')).toBe('var(--phase-t9plus)');
  expect(stageFill('t2')).toBe(stageColour('t2'));
  const greys = (['empty', 'not_seen', 'degenerate'] as const).map(stageFill);
  expect(new Set(greys).size).toBe(3);
});

test('coarse stages hold the phases that small pictures cannot tell apart', () => {
  expect(STAGES.map(coarseOf)).toEqual([
    ...Array<string>(3).fill('pronuclear'),
    ...Array<string>(7).fill('cleavage'),
    ...Array<string>(4).fill('blastulation'),
    ...Array<string>(2).fill('expansion'),
    'empty',
    'not_seen',
    'not_seen',
  ]);
});
