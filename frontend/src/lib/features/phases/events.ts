import type { EmbryoEventValue } from '$lib/api/types';
import type { Clock } from '$lib/features/dish/clock';
import type { Key, Translator } from '$lib/i18n/translator.svelte';
import { frameText, type Words } from './hours';

export type EventTone = 'bad' | 'warn' | 'quiet';
/** Told apart by shape as well as by colour. */
export type EventShape = 'up' | 'down' | 'left' | 'square' | 'diamond' | 'ring' | 'bar' | 'disc';

const LOOKS: Record<string, [EventTone, EventShape]> = {
  direct_cleavage_1_3: ['bad', 'up'],
  direct_cleavage_2_5: ['bad', 'up'],
  reverse_cleavage: ['bad', 'left'],
  arrest: ['bad', 'square'],
  early_compaction: ['warn', 'diamond'],
  collapse: ['warn', 'down'],
  reexpansion: ['quiet', 'up'],
  gas_bubble: ['warn', 'ring'],
  well_emptied: ['quiet', 'ring'],
  out_of_focus: ['quiet', 'bar'],
  pronuclei_not_observed: ['quiet', 'bar'],
};

export const eventTone = (kind: string): EventTone => LOOKS[kind]?.[0] ?? 'warn';
export const eventShape = (kind: string): EventShape => LOOKS[kind]?.[1] ?? 'disc';

/** What an event is called; a kind that was added later is told by its own name. */
export const eventName = (kind: string, words: Pick<Translator, 'maybe'>): string =>
  words.maybe(`event.${kind}` satisfies string as Key) ?? kind.replaceAll('_', ' ');

/** An event in one line: what, when, how sure. */
export const eventText = (
  event: EmbryoEventValue,
  { t, format, words }: Words & { words: Translator },
  clock: Clock,
): string =>
  t('event.told', {
    event: eventName(event.kind, words),
    when: frameText({ t, format }, clock, event.first_frame),
    sure: format.percent(event.confidence),
  });
