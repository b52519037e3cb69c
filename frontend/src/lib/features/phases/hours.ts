import type { OnsetValue } from '$lib/api/types';
import type { Clock } from '$lib/features/dish/clock';
import type { Formats } from '$lib/i18n/formats';
import type { Translator } from '$lib/i18n/translator.svelte';

export interface Words {
  t: Translator['t'];
  format: Formats;
}

/** Bounds this many hours apart are told as bounds: one number would promise too much. */
const WIDE_HOURS = 2;
/** Nobody can tell 5 from 7 cells for sure, so these are never bare numbers. */
const NEVER_BARE: ReadonlySet<string> = new Set(['t5', 't6', 't7']);

/** Hours with a tenth, "27.4 h"; a dash where nobody knows them. */
export const hoursText = ({ t, format }: Words, hours: number | null | undefined): string =>
  hours === null || hours === undefined ? '—' : t('unit.h', { value: signed(format, hours) });

/** When a frame was taken: its real hour, or its number where no hours are known. */
export function frameText(words: Words, clock: Clock, frame: number): string {
  const hour = clock.at(frame);
  return hour === null ? words.t('dish.frame_short', { n: frame + 1 }) : hoursText(words, hour);
}

/** A bound of an onset, which is an hour after insemination where those are known and else a frame number. */
export function boundText(words: Words, clock: Clock, onset: OnsetValue, value: number): string {
  return onset.hours_post_insemination === null
    ? frameText(words, clock, Math.round(value))
    : hoursText(words, value);
}

/** When a phase began, as honestly as a table can say it: "27.4 h", "50–56 h", "≤ 1.5 h". */
export function onsetText(words: Words, clock: Clock, onset: OnsetValue): string {
  const when =
    onset.hours_post_insemination === null
      ? frameText(words, clock, onset.frame_index)
      : hoursText(words, onset.hours_post_insemination);
  if (onset.is_censored) return words.t('hours.before', { hours: when });
  if (onset.hours_post_insemination === null || !isTold(onset)) return when;
  const digits = onset.high - onset.low > WIDE_HOURS ? 0 : 1;
  const [low, high] = [words.format.number(onset.low, digits), words.format.number(onset.high, digits)];
  return low === high ? when : words.t('hours.range', { low, high });
}

const isTold = ({ phase, low, high }: OnsetValue): boolean =>
  NEVER_BARE.has(phase) || high - low > WIDE_HOURS;

const signed = (format: Formats, hours: number): string =>
  hours < 0 && Math.abs(hours) >= 0.05 ? `−${format.number(-hours, 1)}` : format.number(Math.abs(hours), 1);
