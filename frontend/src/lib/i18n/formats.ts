import type { Translator } from './translator.svelte';

const DASH = '—';

/** Figures with units, in the reader's language. */
export class Formats {
  readonly #words: Translator;

  constructor(words: Translator) {
    this.#words = words;
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.#words.language, {
      maximumFractionDigits: digits,
      minimumFractionDigits: digits,
    }).format(value);
  }

  percent(share: number): string {
    return new Intl.NumberFormat(this.#words.language, { style: 'percent', maximumFractionDigits: 0 }).format(
      share,
    );
  }

  bytes(count: number): string {
    const { t } = this.#words;
    if (count < 1024) return t('unit.bytes', { n: count });
    if (count < 1024 ** 2) return t('unit.kib', { value: this.number(count / 1024) });
    if (count < 1024 ** 3) return t('unit.mib', { value: this.number(count / 1024 ** 2, 1) });
    return t('unit.gib', { value: this.number(count / 1024 ** 3, 2) });
  }

  /** Seconds as a person says them: two units at most. */
  duration(seconds: number): string {
    const { t } = this.#words;
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return t('unit.s', { n: whole });
    if (whole < 3600) return t('unit.min_s', { min: Math.floor(whole / 60), s: whole % 60 });
    return t('unit.h_min', { h: Math.floor(whole / 3600), min: Math.floor((whole % 3600) / 60) });
  }

  /** Hours as `57 h 10 min`; before hour 0 with a sign. */
  hours(hours: number | null | undefined): string {
    if (hours === null || hours === undefined || !Number.isFinite(hours)) return DASH;
    const minutes = Math.round(Math.abs(hours) * 60);
    const sign = hours < 0 && minutes > 0 ? '−' : '';
    return sign + this.#words.t('unit.h_min', { h: Math.floor(minutes / 60), min: minutes % 60 });
  }

  dateTime(iso: string | null | undefined): string {
    if (!iso) return DASH;
    return new Intl.DateTimeFormat(this.#words.language, { dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(iso),
    );
  }

  date(iso: string | null | undefined): string {
    if (!iso) return DASH;
    return new Intl.DateTimeFormat(this.#words.language, { dateStyle: 'medium' }).format(new Date(iso));
  }
}
