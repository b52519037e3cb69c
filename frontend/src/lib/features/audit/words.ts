import type { Translator } from '$lib/i18n/translator.svelte';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What was done, in the reader's language; an action that has no words yet by its own name. */
export const actionInWords = (action: string, words: Translator): string =>
  words.maybe(`audit.action.${action}`) ?? action;

/** What it was done to: its kind in words, long keys by their beginnings. */
export const subjectInWords = (subject: string, words: Translator): string =>
  subject
    .split(' of ')
    .map((part) => partInWords(part, words))
    .join(', ');

function partInWords(part: string, words: Translator): string {
  const [kind = '', ...rest] = part.split(' ');
  const named = words.maybe(`audit.kind.${kind}`) ?? kind;
  return [named, ...rest.map((word) => word.replace(UUID, (key) => `${key.slice(0, 8)}…`))].join(' ').trim();
}
