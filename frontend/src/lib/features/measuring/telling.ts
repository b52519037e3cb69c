import type { Formats } from '$lib/i18n/formats';
import type { Translator } from '$lib/i18n/translator.svelte';
import type { Measurement } from './measurements';
import { sizeOf, type Size } from './sizes';

interface Words {
  t: Translator['t'];
  format: Formats;
}

/** A size as people say it: "96.2 µm", "⌀ 96.2 µm · 7,268 µm²"; in pixels where nothing is calibrated. */
export function sizeText({ length, area }: Size, isCalibrated: boolean, { t, format }: Words): string {
  const unit = t(isCalibrated ? 'unit.um_' : 'unit.px_');
  const digits = length < 100 ? 1 : 0;
  const told = `${format.number(length, digits)} ${unit}`;
  return area === null ? told : `${told} · ${format.number(area, area < 100 ? 1 : 0)} ${unit}²`;
}

/** What a measurement measures: the server's figure in micrometres, else its pixels. */
export function measuredText(one: Measurement, words: Words): string {
  const isCalibrated = one.um !== null;
  const size = one.um === null ? sizeOf(one.kind, one.points) : { length: one.um, area: one.um2 };
  // An outline of two corners has no area yet.
  const area = one.kind === 'polygon' && one.points.length < 3 ? null : size.area;
  const text = sizeText({ ...size, area }, isCalibrated, words);
  return one.kind === 'circle' ? `⌀ ${text}` : text;
}
