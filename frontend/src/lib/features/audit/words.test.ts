import { expect, test } from 'vitest';
import { Translator } from '$lib/i18n/translator.svelte';
import { subjectInWords } from './words';

const KEY = '83cba33d-f031-461e-a755-bc113c5fe746';

test('a subject is told in the reader’s language, with the beginning of its key', () => {
  const words = new Translator('ru');
  expect(subjectInWords(`embryo B1 of dish ${KEY}`, words)).toBe('эмбрион B1, чашка 83cba33d…');
  expect(subjectInWords(`reading ${KEY} B1`, words)).toBe('разметка 83cba33d… B1');
  expect(subjectInWords(`unheard ${KEY}`, words)).toBe('unheard 83cba33d…');
});
