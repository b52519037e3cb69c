import type { EmbryoEventValue, OnsetValue } from '$lib/api/types';
import { same, valueIn, type Fields, type Value } from '$lib/keeping/fields';
import { onsetField } from './phases';

/** Something the machine said that a person can judge. */
export type Word =
  | { kind: 'onset'; field: string; frame: number; onset: OnsetValue }
  | { kind: 'event'; field: string; frame: number; event: EmbryoEventValue };

export type Verdict = 'accepted' | 'rejected' | 'differs' | null;

/** The field that holds what I say of the machine's profile as a whole. */
export const MACHINE_PROFILE = 'profile.machine';

export const eventField = ({ kind, first_frame }: EmbryoEventValue): string =>
  `events.${kind}@${first_frame}`;

/** All that can be judged, in order of time; what began before the recording has no frame to judge. */
export function wordsOf(onsets: readonly OnsetValue[], events: readonly EmbryoEventValue[]): Word[] {
  const begun = onsets.filter(({ is_censored }) => !is_censored);
  return [
    ...begun.map((onset): Word => ({
      kind: 'onset',
      field: onsetField(onset.phase),
      frame: onset.frame_index,
      onset,
    })),
    ...events.map((event): Word => ({
      kind: 'event',
      field: eventField(event),
      frame: event.first_frame,
      event,
    })),
  ].sort((a, b) => a.frame - b.frame);
}

/** The field's value when the machine's word is taken as it is. */
export function acceptedValue(word: Word): Value {
  if (word.kind === 'onset') return { frame_index: word.frame, source: 'machine' };
  const { kind, first_frame, last_frame } = word.event;
  return { kind, first_frame, last_frame, verdict: 'accepted' };
}

/** The field's value when the machine is wrong: there is no such thing. */
export function rejectedValue(word: Word): Value {
  if (word.kind === 'onset') return { is_absent: true };
  const { kind, first_frame, last_frame } = word.event;
  return { kind, first_frame, last_frame, verdict: 'rejected' };
}

export function verdictOn(word: Word, fields: Fields): Verdict {
  const value = valueIn(fields, word.field);
  if (value === null) return null;
  if (same(value, acceptedValue(word))) return 'accepted';
  if (same(value, rejectedValue(word))) return 'rejected';
  return 'differs';
}

/** The word that lies nearest to a frame; among equals the one that nobody judged yet. */
export function nearestWord(words: readonly Word[], frame: number, fields: Fields): Word | null {
  let best: Word | null = null;
  for (const word of words) {
    const [apart, before] = [Math.abs(word.frame - frame), best ? Math.abs(best.frame - frame) : Infinity];
    const isOpener = best !== null && verdictOn(best, fields) !== null && verdictOn(word, fields) === null;
    if (apart < before || (apart === before && isOpener)) best = word;
  }
  return best;
}
