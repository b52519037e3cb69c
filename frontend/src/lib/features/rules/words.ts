import type { App } from '$lib/app.svelte';
import type { Criterion } from './rules.svelte';
import { wants } from './draft';

const SIGNS: Partial<Record<Criterion['operator'], string>> = { '<=': '≤', '<': '<', '>=': '≥', '>': '>' };

/** An operator as a list shows it. */
export function operatorText({ t }: App, operator: Criterion['operator']): string {
  const sign = SIGNS[operator];
  return sign ?? t(`rules.operator.${operator as 'between' | 'present' | 'absent'}`);
}

/** A criterion as people read it: "t5 between 48.8 and 56.6"; a threshold that nobody entered is a gap. */
export function criterionText({ t, format }: App, { field, operator, low, high }: Criterion): string {
  const bound = (value: number | null): string =>
    value === null ? '…' : format.number(value, Math.min(2, String(value).split('.')[1]?.length ?? 0));
  const { low: isLow, high: isHigh } = wants(operator);
  if (isLow && isHigh) return t('rules.between', { field, low: bound(low), high: bound(high) });
  if (isLow) return `${field} ${SIGNS[operator]} ${bound(low)}`;
  if (isHigh) return `${field} ${SIGNS[operator]} ${bound(high)}`;
  return t(operator === 'present' ? 'rules.present' : 'rules.absent', { field });
}
