import type { Translator } from '$lib/i18n/translator.svelte';

/** What a detector said of a well or a picture, in words; null: nothing was found, or nothing is there. */
export function answerInWords(words: Translator, answer: string | null, ifNone: string): string {
  if (answer === null) return ifNone;
  for (const kind of ['content', 'coarse', 'stage']) {
    const said = words.maybe(`${kind}.${answer}`);
    if (said) return said;
  }
  const long = words.maybe(`stage.${answer}.long`);
  return long ? `${answer} (${long})` : answer;
}
