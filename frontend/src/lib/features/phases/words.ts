import type { Clock } from '$lib/features/dish/clock';
import type { Translator } from '$lib/i18n/translator.svelte';
import type { Course, Stretch } from './course';
import { eventText } from './events';
import { boundText, frameText, onsetText, type Words } from './hours';
import { coarseName, stageLong, stageShort } from './stages';

export type Telling = Words & { words: Translator };

/** The short name of a stretch, as it stands on its colour and in tables. */
export const shortName = ({ stage, coarse }: Stretch, { t }: Pick<Words, 't'>): string =>
  coarse ? coarseName(coarse, t) : stageShort(stage, t);

const fullName = ({ stage, coarse }: Stretch, { t }: Words): string => {
  if (coarse) return coarseName(coarse, t);
  const [short, long] = [stageShort(stage, t), stageLong(stage, t)];
  return `${short}, ${long}`;
};

/** One stretch in a line: what, from when, between which bounds, how sure. */
export function stretchText(stretch: Stretch, telling: Telling, clock: Clock): string {
  const { t, format } = telling;
  const { onset } = stretch;
  const stage = fullName(stretch, telling);
  const when = frameText(telling, clock, stretch.first);
  if (stretch.isProvisional) return t('profile.provisional', { stage, when });
  const sure = t('profile.sure', { sure: format.percent(stretch.confidence) });
  if (!onset) return `${t('profile.onset', { stage, when })}, ${sure}`;
  if (onset.is_censored) return `${t('profile.onset_before', { stage, when })}, ${sure}`;
  const [low, high] = [onset.low, onset.high].map((bound) => boundText(telling, clock, onset, bound));
  const bounds = t('profile.bounds', { low: low ?? '', high: high ?? '' });
  return `${t('profile.onset', { stage, when })}, ${bounds}, ${sure}`;
}

/** A whole profile in words, for those who do not see the strip. */
export function courseText(well: string, course: Course, telling: Telling, clock: Clock): string {
  const { t } = telling;
  if (course.stretches.length === 0) return t('profile.nothing', { well });
  const stages = course.stretches.map((stretch) => {
    const when = stretch.onset
      ? onsetText(telling, clock, stretch.onset)
      : frameText(telling, clock, stretch.first);
    return `${shortName(stretch, telling)} ${when}`;
  });
  const events = course.events.map((event) => eventText(event, telling, clock));
  const told = [`${t('profile.of', { well })}: ${stages.join(', ')}.`, ...events.map((event) => `${event}.`)];
  if (course.isCoarse) told.push(t('profile.coarse_hint'));
  if (!course.isFinal) told.push(t('profile.so_far'));
  return told.join(' ');
}
