import { expect, test } from 'vitest';
import { en } from './en';
import { Formats } from './formats';
import { inWords } from './refusals';
import { ru } from './ru';
import { SERVER_WORDS } from './ru/server';
import { preferredLanguage, Translator, type Entry, type Key } from './translator.svelte';

const keys = Object.keys(en) as Key[];
const texts = (entry: Entry): string[] => (typeof entry === 'string' ? [entry] : Object.values(entry));
const places = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

test('both languages say the same things', () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
});

test('no text is empty, and every translation fills in the same values', () => {
  for (const key of keys) {
    const wanted = new Set(texts(en[key]).flatMap(places));
    for (const text of [...texts(en[key]), ...texts(ru[key])]) {
      expect(text.trim(), key).not.toBe('');
      for (const place of places(text)) expect(wanted, key).toContain(place);
    }
    expect(new Set(texts(ru[key]).flatMap(places)), key).toEqual(wanted);
  }
});

test('every text that counts has all forms its language knows', () => {
  const forms = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') };
  for (const key of keys) {
    for (const [language, entry] of [
      ['en', en[key]],
      ['ru', ru[key]],
    ] as const) {
      if (typeof entry === 'string') continue;
      const wanted = forms[language].resolvedOptions().pluralCategories;
      expect(Object.keys(entry).sort(), `${language} ${key}`).toEqual([...wanted].sort());
    }
    expect(typeof en[key] === 'string', key).toBe(typeof ru[key] === 'string');
  }
});

test('Russian text is Russian', () => {
  const latin = keys.filter((key) => !texts(ru[key]).some((text) => /[а-яё]/i.test(text)));
  expect(latin).toEqual([]);
});

test('Russian plurals are right', () => {
  const { t } = new Translator('ru');
  const said = [1, 2, 5, 11, 21, 22, 25].map((n) => t('dishes.alerts', { n }));
  expect(said).toEqual([
    '1 сигнал',
    '2 сигнала',
    '5 сигналов',
    '11 сигналов',
    '21 сигнал',
    '22 сигнала',
    '25 сигналов',
  ]);
});

test('the language of the browser is taken where it is known', () => {
  expect(preferredLanguage(['ru-RU', 'en'])).toBe('ru');
  expect(preferredLanguage(['de', 'fr'])).toBe('en');
});

test('figures carry their units in the language of the reader', () => {
  const english = new Formats(new Translator('en'));
  const russian = new Formats(new Translator('ru'));
  expect(english.hours(57.1666)).toBe('57 h 10 min');
  expect(russian.hours(57.1666)).toBe('57 ч 10 мин');
  expect(english.hours(-0.5)).toBe('−0 h 30 min');
  expect(english.hours(null)).toBe('—');
  expect(english.bytes(8 * 1024 ** 2)).toBe('8.0 MiB');
  expect(russian.bytes(1.5 * 1024 ** 3)).toBe('1,50 ГиБ');
  expect([5, 65, 3700].map((seconds) => english.duration(seconds))).toEqual([
    '5 s',
    '1 min 5 s',
    '1 h 1 min',
  ]);
});

test('a refusal speaks the reader’s language, and in English the server’s own words', () => {
  const told = { code: 'file_truncated', detail: 'a.avi ends at byte 12.', hint: 'Copy it again.' };
  expect(inWords(told, new Translator('en'))).toEqual({
    detail: 'a.avi ends at byte 12.',
    hint: 'Copy it again.',
  });
  expect(inWords(told, new Translator('ru')).detail).toBe(SERVER_WORDS['file_truncated']?.[0]);
  const unknown = { code: 'brand_new', detail: 'Something new.', hint: '' };
  expect(inWords(unknown, new Translator('ru')).detail).toBe('Something new.');
  expect(inWords({ code: 'unreachable', hint: '' }, new Translator('en')).detail).toContain(
    'cannot be reached',
  );
});
