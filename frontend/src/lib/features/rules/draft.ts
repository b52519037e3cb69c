import type { Change, Criterion, Grade, RuleSet } from './rules.svelte';

type Operator = Criterion['operator'];

export const OPERATORS: Operator[] = ['between', '<=', '<', '>=', '>', 'present', 'absent'];

/** Which thresholds an operator wants. */
export function wants(operator: Operator): { low: boolean; high: boolean } {
  return {
    low: operator === 'between' || operator === '>=' || operator === '>',
    high: operator === 'between' || operator === '<=' || operator === '<',
  };
}

/** What a person typed as a number; null for nothing or for what is none. */
export function typed(text: string): number | null {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? null : value;
}

/** A rule as it is being edited, apart from the one that is shown. */
export function draftOf({ name, source = '', kind, criteria, grades }: RuleSet): Required<Change> {
  return {
    name,
    source,
    kind,
    is_on: false,
    criteria: criteria.map((one) => ({ ...one })),
    grades: grades.map((one) => ({ ...one, needs: [...one.needs] })),
  };
}

/** The grades once a criterion is gone: places behind it move up. */
export function without(grades: readonly Grade[], place: number): Grade[] {
  return grades.map(({ name, needs }) => ({
    name,
    needs: needs.filter((need) => need !== place).map((need) => (need > place ? need - 1 : need)),
  }));
}
