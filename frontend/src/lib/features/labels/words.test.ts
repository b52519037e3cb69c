import { expect, test } from 'vitest';
import { Formats } from '$lib/i18n/formats';
import { REMARK_WORDS } from '$lib/i18n/ru/remarks';
import { Translator } from '$lib/i18n/translator.svelte';
import type { Conflict, Remark } from './types';
import { detailInWords, factsInWords, optionInWords, placeInWords, questionInWords } from './words';

const ru = new Translator('ru');
const en = new Translator('en');
const remark = (
  code: string,
  values: NonNullable<Remark['values']>,
  detail = 'As the server says it.',
): Remark => ({
  place: 'a.json, task 2 (id 7)',
  code,
  detail,
  values,
});

test('a remark is said in Russian with its numbers, and in English as the server said it', () => {
  const said = [1, 2, 5, 21].map((n) =>
    detailInWords(ru, remark('outside_picture', { n, width: 1024, height: 768 })),
  );
  expect(said).toEqual([
    '1 лунка лежит за пределами снимка 1024 × 768 px.',
    '2 лунки лежат за пределами снимка 1024 × 768 px.',
    '5 лунок лежат за пределами снимка 1024 × 768 px.',
    '21 лунка лежит за пределами снимка 1024 × 768 px.',
  ]);
  expect(detailInWords(en, remark('outside_picture', { n: 1 }))).toBe('As the server says it.');
});

test('words of ours among the values are Russian too, and so is the reason of a refusal', () => {
  const found = remark('annotations_not_list', { found: 'text', kind: 'annotation' });
  expect(detailInWords(ru, found)).toBe('Записи (разметка) — не список, а текст.');
  const refused = remark('picture_refused', { file: 'a.jpg', why: 'file_truncated' });
  expect(detailInWords(ru, refused)).not.toContain('file_truncated');
  expect(detailInWords(ru, refused)).toContain('a.jpg');
});

test('a remark that nobody has translated yet is told as the server said it', () => {
  expect(detailInWords(ru, remark('brand_new', {}))).toBe('As the server says it.');
});

test('every counted Russian remark has all its forms', () => {
  for (const [code, entry] of Object.entries(REMARK_WORDS)) {
    if (typeof entry !== 'string') expect(Object.keys(entry), code).toEqual(['one', 'few', 'many', 'other']);
  }
});

test('a place in a file is named in the language of the reader', () => {
  expect(placeInWords(ru, 'a, b.json, task 2 (id 7)')).toBe('a, b.json, задание 2 (id 7)');
  expect(placeInWords(ru, 'a.csv, line 3')).toBe('a.csv, строка 3');
  expect(placeInWords(ru, 'labels/task 9.txt')).toBe('labels/task 9.txt');
  expect(placeInWords(en, 'a.csv, line 3')).toBe('a.csv, line 3');
});

test('a question and its answers are told in the language of the reader', () => {
  const conflict = { kind: 'picture', detail: '', values: { n: 2, name: 'a.jpg' } } as unknown as Conflict;
  expect(questionInWords(ru, conflict)).toBe('a.jpg: так называются 2 снимка. Какой имеется в виду?');
  const changed = {
    kind: 'changed',
    detail: '',
    values: { kind: 'draft', id: '5', who: '' },
  } as unknown as Conflict;
  expect(questionInWords(en, changed)).toBe('Draft 5 by somebody differs from what is here.');
  const format = new Formats(en);
  const option = {
    id: 'stack-1',
    kind: 'stack',
    text: 't',
    name: 'a.avi',
    width_px: 640,
    height_px: 480,
    frames: 2,
  } as const;
  expect(optionInWords(en, format, option)).toBe('a.avi');
  expect(factsInWords(en, format, option)).toBe('a recording of 2 frames · 640 × 480 px');
  expect(optionInWords(en, format, { id: 'none', kind: 'none', text: '', name: '' })).toContain('no picture');
});
