import type { Formats } from '$lib/i18n/formats';
import { PLACES, REMARK_VALUES, REMARK_WORDS } from '$lib/i18n/ru/remarks';
import { SERVER_WORDS } from '$lib/i18n/ru/server';
import type { Params, Translator } from '$lib/i18n/translator.svelte';
import type { Conflict, Remark } from './types';

/** What a result is called in Label Studio, where we have a word for it; else as the file has it. */
export const kindInWords = (words: Translator, kind: string): string =>
  words.maybe(`labels.kind.${kind}`) ?? kind;

export const remarkInWords = (words: Translator, code: string): string =>
  words.maybe(`labels.remark.${code.endsWith('_is_lossy') ? 'lossy_form' : code}`) ?? code;

/** A remark in the reader's language. English is the server's own. */
export function detailInWords(words: Translator, { code, detail, values }: Remark): string {
  const entry = words.language === 'ru' ? REMARK_WORDS[code] : undefined;
  if (entry === undefined) return detail;
  const said: Params = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    // What a number is called stays as the file has it: 1024 px, line 1024.
    said[name] = name === 'n' ? Number(value) : (REMARK_VALUES[value] ?? String(value));
  }
  if (typeof values?.why === 'string') said.why = SERVER_WORDS[values.why]?.[0] ?? values.why;
  return words.filled(entry, said);
}

/** Where something stands in a file: its name, then what it is counted as. */
export function placeInWords(words: Translator, place: string): string {
  if (words.language !== 'ru') return place;
  return place.replace(
    /, (task|line|picture) (\d+)( \(id .*\))?$/,
    (_, kind: string, number: string, id = '') => `, ${PLACES[kind]} ${number}${id}`,
  );
}

/** What a word was said to mean; phases are called by their own names in every language. */
export const meaningInWords = (words: Translator, meaning: string): string =>
  words.maybe(`labels.meaning.${meaning}`) ?? meaning.replace(/^phase\./, '');

/** What a question of an import asks. */
export function questionInWords(words: Translator, { kind, detail, values }: Conflict): string {
  if (values.n === undefined && values.id === undefined) return detail;
  if (kind === 'picture') return words.t('labels.conflict.picture', { ...values, n: Number(values.n) });
  const who = values.who || words.t('labels.conflict.somebody');
  return words.t(values.kind === 'draft' ? 'labels.conflict.draft' : 'labels.conflict.annotation', {
    id: values.id ?? '',
    who,
  });
}

type Option = Conflict['options'][number];

/** An answer to a question of an import; of two versions it says when each was written. */
export function optionInWords(words: Translator, format: Formats, option: Option): string {
  const { kind, text, name } = option;
  if (kind === 'keep' || kind === 'take') {
    return words.t(`labels.option.${kind}`, { time: format.dateTime(text) });
  }
  return kind === 'none' ? words.t('labels.option.none') : name || text;
}

/** What tells a picture from others of its name. */
export function factsInWords(words: Translator, format: Formats, option: Option): string {
  const { kind, width_px, height_px, since, frames } = option;
  const size = width_px && height_px ? `${width_px} × ${height_px} px` : '';
  const facts = [
    kind === 'file' ? words.t('labels.option.in_file') : '',
    frames ? words.t('labels.option.recording', { n: frames }) : '',
    size,
    since ? words.t('labels.option.since', { time: format.date(since) }) : '',
  ];
  return facts.filter(Boolean).join(' · ');
}

/** What a form of an export is called. */
export const formInWords = (words: Translator, form: string): string =>
  words.maybe(`labels.form.${form}`) ?? form;
