import type { Language } from '$lib/api/types';
import { en } from './en';
import { ru } from './ru';

export type { Language };
export type Key = keyof typeof en;
export type Params = Record<string, string | number>;
/** A text, or its forms by number as Intl.PluralRules names them. */
export type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;

const DICTIONARIES: Record<Language, Record<Key, Entry>> = { en, ru };

export const isLanguage = (value: unknown): value is Language => value === 'en' || value === 'ru';

/** The language a browser asks for, of those we speak. */
export function preferredLanguage(asked: readonly string[]): Language {
  for (const tag of asked) {
    const language = tag.slice(0, 2).toLowerCase();
    if (isLanguage(language)) return language;
  }
  return 'en';
}

/** Texts in the reader's language. */
export class Translator {
  language = $state<Language>('en');
  readonly #plurals: Record<Language, Intl.PluralRules> = {
    en: new Intl.PluralRules('en'),
    ru: new Intl.PluralRules('ru'),
  };

  constructor(language: Language) {
    this.language = language;
  }

  /** The text of a key; `{name}` is filled from `params`, and `params.n` chooses the plural form. */
  t = (key: Key, params: Params = {}): string => {
    return this.filled(DICTIONARIES[this.language][key], params);
  };

  /** The same for a text that stands in no dictionary of keys. */
  filled(entry: Entry, params: Params = {}): string {
    return fill(typeof entry === 'string' ? entry : this.#form(entry, params), this.#written(params));
  }

  /** A text that may not exist, such as one for a code the server made up later. */
  maybe(key: string, params: Params = {}): string | null {
    return key in DICTIONARIES.en ? this.t(key as Key, params) : null;
  }

  #form(entry: Exclude<Entry, string>, params: Params): string {
    const rule = this.#plurals[this.language].select(Number(params['n'] ?? 0));
    return entry[rule] ?? entry.other ?? '';
  }

  #written(params: Params): Record<string, string> {
    const format = new Intl.NumberFormat(this.language, { maximumFractionDigits: 2 });
    return Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        typeof value === 'number' ? format.format(value) : value,
      ]),
    );
  }
}

const fill = (text: string, params: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
