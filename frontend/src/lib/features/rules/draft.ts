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
export function draftOf({ name, source = '', kind, criteria, grades }: RuleSet): RuleDraft {
  return {
    name,
    source,
    kind,
    is_on: false,
    criteria: criteria.map((one) => ({ ...one })),
    grades: grades.map((one) => ({ ...one, needs: [...one.needs] })),
  };
}

/** Under which name the browser keeps what is typed about a rule. */
export const typedAbout = (rule: string): string => `rule/${rule}`;

export type RuleDraft = Required<Change>;

const PARTS = ['name', 'source', 'kind', 'criteria', 'grades'] as const;
type Part = (typeof PARTS)[number];

const differing = (one: RuleDraft, other: RuleDraft): Part[] =>
  PARTS.filter((part) => JSON.stringify(one[part]) !== JSON.stringify(other[part]));

/** Whether a rule is no longer as it is known. */
export const isChanged = (known: RuleSet, draft: RuleDraft): boolean =>
  differing(draftOf(known), draft).length > 0;

/** The rule as it is now, with what was typed upon the one before; criteria and the grades that count them stay together. */
export function carried(before: RuleSet, draft: RuleDraft, now: RuleSet): RuleDraft {
  const fresh = draftOf(now);
  const typed = new Set<Part>(differing(draftOf(before), draft));
  if (typed.has('criteria') || typed.has('grades')) typed.add('criteria').add('grades');
  return { ...fresh, ...Object.fromEntries([...typed].map((part) => [part, draft[part]])) };
}

/** The grades once a criterion is gone: places behind it move up. */
export function without(grades: readonly Grade[], place: number): Grade[] {
  return grades.map(({ name, needs }) => ({
    name,
    needs: needs.filter((need) => need !== place).map((need) => (need > place ? need - 1 : need)),
  }));
}
