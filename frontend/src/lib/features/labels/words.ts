import type { Formats } from '$lib/i18n/formats';
import type { Translator } from '$lib/i18n/translator.svelte';
import type { Conflict } from './types';

/** What a result is called in Label Studio, where we have a word for it; else as the file has it. */
export const kindInWords = (words: Translator, kind: string): string =>
  words.maybe(`labels.kind.${kind}`) ?? kind;

export const remarkInWords = (words: Translator, code: string): string =>
  words.maybe(`labels.remark.${code.endsWith('_is_lossy') ? 'lossy_form' : code}`) ?? code;

/** What a word was said to mean; phases are called by their own names in every language. */
export const meaningInWords = (words: Translator, meaning: string): string =>
  words.maybe(`labels.meaning.${meaning}`) ?? meaning.replace(/^phase\./, '');

/** An answer to a question of an import; of two versions it says when each was written. */
export function optionInWords(
  words: Translator,
  format: Formats,
  option: Conflict['options'][number],
): string {
  const { id, text } = option;
  if (id === 'keep' || id === 'take') {
    return words.t(`labels.option.${id}`, { time: format.dateTime(text) });
  }
  return text || words.t('labels.option.none');
}

/** What a form of an export is called. */
export const formInWords = (words: Translator, form: string): string =>
  words.maybe(`labels.form.${form}`) ?? form;
