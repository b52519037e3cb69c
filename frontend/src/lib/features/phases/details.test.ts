import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Formats } from '$lib/i18n/formats';
import { Translator } from '$lib/i18n/translator.svelte';
import { detailText } from './details';

const speaking = (language: 'en' | 'ru') => {
  const words = new Translator(language);
  return { words, t: words.t, format: new Formats(words) };
};
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

/** The sentences as the server's code writes them, with figures where it puts some. */
function sentencesOf(path: string, found: RegExp): string[] {
  const code = readFileSync(new URL(`../../../../../${path}`, import.meta.url), 'utf8');
  return [...code.matchAll(found)].map(([, sentence = '']) =>
    sentence
      .replaceAll(/\{(?:share|high|value)(?: \/ \w+)?:\.0%\}/g, '40%')
      .replaceAll(/\{worst\['confidence'\]:\.0%\}|\{confidence:\.0%\}/g, '40%')
      .replaceAll(/\{decoded\.path\[last\]\}|\{worst\['phase'\]\}|\{phase\}/g, 't5')
      .replaceAll('{words}', 'from one cell to three')
      .replaceAll('{degree}', 'severe')
      .replaceAll('{unit}', 'h')
      .replaceAll(/\{[^}]*:\.[12]f\}/g, '4.2')
      .replaceAll(/\{[^}]*\}/g, '12'),
  );
}

const EVENTS = sentencesOf('detector/stages/events.py', /(?:yield .*|1\.0), f?"([^"]+)"\)?$/gm);
const CELLS = sentencesOf('detector/stages/cell_events.py', /yield .*, f"([^"]+)"$/gm);
const DOUBTS = sentencesOf('backend/worklist/scoring.py', /(?:detail = |_reason\(.*, )f"([^"]+)"/gm);

test('every sentence that the server has is known, also in Russian', () => {
  expect([EVENTS.length, CELLS.length, DOUBTS.length]).toEqual([10, 1, 5]);
  for (const sentence of [...EVENTS, ...CELLS, ...DOUBTS]) {
    expect(detailText(sentence, speaking('ru')), sentence).toMatch(/[а-я]/);
    expect(detailText(sentence, speaking('en')), sentence).toBe(sentence);
  }
});

test('figures are written as the language writes them', () => {
  const told = detailText('the cavity is back at 40% after 3.5 h', speaking('ru'));
  expect(plain(told)).toBe('полость снова занимает 40 %, через 3,5 ч');
  const frames = (n: number): string =>
    detailText(`${n} frames cannot be read: out of focus, hidden, or dark`, speaking('ru'));
  expect([frames(2), frames(5)].map((text) => text.split(':')[0])).toEqual([
    '2 кадра не читаются',
    '5 кадров не читаются',
  ]);
});

test('frames count from one, as everywhere on the page', () => {
  expect(detailText('frames 3 to 8 show no dish that can be read', speaking('en'))).toBe(
    'frames 4 to 9 show no dish that can be read',
  );
});

test('a sentence that came later is told in English only', () => {
  expect(detailText('something new', speaking('en'))).toBe('something new');
  expect(detailText('something new', speaking('ru'))).toBe('');
});
