import type { FoundWord, Meaning } from './types';

const PHASES = [
  'tPB2',
  'tPNa',
  'tPNf',
  't2',
  't3',
  't4',
  't5',
  't6',
  't7',
  't8',
  't9+',
  'tM',
  'tSB',
  'tB',
  'tEB',
  'tHB',
] as const;

export const CONTENTS = ['empty', 'embryo', 'gas', 'embryo_gas'] as const;

/** What a word of a file can mean here, in the groups and the order in which it is offered. */
export const MEANINGS = [
  {
    group: 'well',
    meanings: ['well', ...CONTENTS.map((content) => `content.${content}` as const)],
  },
  { group: 'picture', meanings: ['picture.no_wells', 'picture.gas_outside'] },
  { group: 'coarse', meanings: ['phase.1', 'phase.2', 'phase.3', 'phase.4'] },
  { group: 'phase', meanings: PHASES.map((phase) => `phase.${phase}` as const) },
] as const;

/** What a person said of words; an empty meaning takes away what the preset says. */
export type Said = Readonly<Record<string, Meaning | ''>>;

export interface Mapping {
  words: Record<string, Meaning>;
  /** Every bare box, ellipse or point is a well. */
  wells_without_label: boolean;
}

/** Words are the same whatever their case and blanks. */
const folded = (word: string): string => word.trim().split(/\s+/).join(' ').toLowerCase();

/** What the file was last read with, changed by what a person said since. */
export function merged(before: Mapping['words'], said: Said): Mapping['words'] {
  const words = new Map(Object.entries(before).map(([word, meaning]) => [folded(word), meaning]));
  for (const [word, meaning] of Object.entries(said)) {
    if (meaning === '') words.delete(folded(word));
    else words.set(folded(word), meaning);
  }
  return Object.fromEntries(words);
}

export interface MappingRow extends FoundWord {
  key: string;
  chosen: Meaning | '';
  /** Nobody has said yet what it means: neither the preset nor the person. */
  isOpen: boolean;
}

/** One row for every word found, the most frequent first; those without a meaning before all others. */
export function rowsOf(words: readonly FoundWord[], said: Said): MappingRow[] {
  return words
    .map((word) => {
      const chosen = said[word.text] ?? word.meaning ?? '';
      return { ...word, key: `${word.kind} ${word.text}`, chosen, isOpen: chosen === '' };
    })
    .sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || b.count - a.count || a.text.localeCompare(b.text));
}

/** The same rows in the order of `before`, so that a row stays where it was while it is being answered. */
export function keepOrder(rows: readonly MappingRow[], before: readonly string[]): MappingRow[] {
  const at = new Map(before.map((key, place) => [key, place]));
  return [...rows].sort(
    (a, b) => (at.get(a.key) ?? Number.MAX_SAFE_INTEGER) - (at.get(b.key) ?? Number.MAX_SAFE_INTEGER),
  );
}
