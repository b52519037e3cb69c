import type { PhaseName } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Clock } from '$lib/features/dish/clock';
import { eventName } from '$lib/features/phases/events';
import { measurementsOf } from '$lib/features/measuring/measurements';
import { measuredText } from '$lib/features/measuring/telling';
import { frameText } from '$lib/features/phases/hours';
import { spanText } from '$lib/features/sightings/telling';
import type { Key } from '$lib/i18n/translator.svelte';
import type { Value } from '$lib/keeping/fields';
import { GRADES } from './grades';

type Words = Pick<App, 't' | 'format' | 'words'>;

/** What a field is called: "t2", "inner cell mass", "Collapse". */
export function fieldText(field: string, { t, words }: Words): string {
  const [group, ...rest] = field.split('.');
  const name = rest.join('.');
  if (group === 'onsets') return name;
  if (group === 'events') return eventName(name.split('@')[0] ?? name, words);
  if (group === 'measurements') return t('annotation.field.measurement');
  if (group === 'profile') return t('annotation.field.profile');
  return words.maybe(`annotation.grade.${name}`) ?? words.maybe(`annotation.field.${field}`) ?? field;
}

/** What a field holds, as a person would say it. */
export function valueText(field: string, value: Value | undefined, words: Words, clock: Clock): string {
  if (value === null || value === undefined) return words.t('annotation.value.none');
  const [group, name = ''] = field.split('.');
  if (typeof value === 'object' && !Array.isArray(value)) {
    if (value['is_absent'] === true) return words.t('annotation.value.absent');
    if (group === 'onsets' && typeof value['frame_index'] === 'number') {
      const when = frameText(words, clock, value['frame_index']);
      return value['source'] === 'machine' ? words.t('annotation.value.accepted', { value: when }) : when;
    }
    if (typeof value['verdict'] === 'string') return verdictText(value['verdict'], value, words, clock);
    if (group === 'measurements') return measurementText(field, value, words, clock);
  }
  if (group === 'grades') return gradeText(name, value, words);
  if (field === 'state') return words.words.maybe(`annotation.state.${String(value)}`) ?? String(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A grade's value in words where it is a word, else as it is: 4, A, even. */
export const gradeText = (name: string, value: Value, { words }: Pick<Words, 'words'>): string =>
  words.maybe(`annotation.grade.${name}.${String(value)}`) ?? String(value);

export const isGrade = (name: string): boolean => GRADES.some((grade) => grade.name === name);

export const putTitle = (phase: PhaseName): Key => `annotation.put.${phase}`;

/** What was said of an event and when it lasted: "added, 36.1 h to 38.0 h". */
function verdictText(verdict: string, value: { [name: string]: Value }, words: Words, clock: Clock): string {
  const said = words.words.maybe(`annotation.verdict.${verdict}`) ?? verdict;
  const [first, last] = [value['first_frame'], value['last_frame']];
  if (typeof first !== 'number' || typeof last !== 'number') return said;
  return `${said}, ${spanText({ first, last }, words, clock)}`;
}

function measurementText(field: string, value: Value, words: Words, clock: Clock): string {
  const [one] = measurementsOf({ [field]: value });
  if (!one) return String(value);
  const told = `${measuredText(one, words)}, ${frameText(words, clock, one.frame)}`;
  return one.label ? `${one.label}: ${told}` : told;
}
