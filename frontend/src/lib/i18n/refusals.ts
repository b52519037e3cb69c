import { FIELD_WORDS, SERVER_WORDS } from './ru/server';
import type { Translator } from './translator.svelte';

interface Told {
  code: string;
  detail?: string;
  message?: string;
  hint: string;
}

/** A refusal in the reader's language. English is the server's own, and names the very value that was wrong. */
export function inWords(refusal: Told, words: Translator): { detail: string; hint: string } {
  const [detail, hint] = words.language === 'ru' ? (SERVER_WORDS[refusal.code] ?? []) : [];
  if (detail !== undefined) return { detail, hint: hint ?? '' };
  const own = words.maybe(`refusal.${refusal.code}`);
  const said = refusal.detail ?? refusal.message ?? '';
  return {
    detail: said || (own ?? words.t('refusal.unexpected')),
    hint: refusal.hint || (words.maybe(`refusal.${refusal.code}.hint`) ?? ''),
  };
}

/** What the server says about one field, in the reader's language where we know the sentence. */
export const fieldInWords = (sentence: string, words: Translator): string =>
  (words.language === 'ru' ? FIELD_WORDS[sentence] : undefined) ?? sentence;
