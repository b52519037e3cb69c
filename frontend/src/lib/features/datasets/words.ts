import type { Translator } from '$lib/i18n/translator.svelte';
import type { Item } from './types';

/** What a class of pictures is called. */
export const classInWords = (words: Translator, name: string): string =>
  words.maybe(`data.class.${name}`) ?? name;

export const stepInWords = (words: Translator, name: string): string =>
  words.maybe(`data.step.${name}`) ?? name;

export const parameterInWords = (words: Translator, name: string): string =>
  words.maybe(`data.parameter.${name}`) ?? name;

/** What people said of one picture, in few words. */
export function itemInWords(words: Translator, item: Item): string {
  if (item.phase !== null) {
    const name = classInWords(words, String(item.phase));
    return item.is_doubtful ? `${name} · ${words.t('data.doubtful_short')}` : name;
  }
  if (item.no_wells) return classInWords(words, 'no_wells');
  const counted = new Map<string, number>();
  for (const { content } of item.wells) counted.set(content, (counted.get(content) ?? 0) + 1);
  const parts = [...counted].map(([content, n]) => `${n} × ${classInWords(words, content)}`);
  if (item.gas_outside) parts.push(classInWords(words, 'gas_outside'));
  return parts.join(', ') || words.t('data.nothing_marked');
}
