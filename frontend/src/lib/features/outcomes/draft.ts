import type { components } from '$lib/api/schema';
import { typed } from '$lib/features/rules/draft';

type Schemas = components['schemas'];
// What a model has a default for is optional on the way in only; every answer tells it.
export type CycleOutcome = Required<Schemas['CycleOutcomeOut']>;
export type Changes = Schemas['PatchedCycleOutcomeInRequest'];

/** What people answer; empty: not told. */
export type Answer = '' | 'yes' | 'no';

export const QUESTIONS = ['hcg', 'clinical_pregnancy', 'live_birth', 'miscarriage'] as const;
export type Question = (typeof QUESTIONS)[number];

/** A cycle's outcome as it is being typed. */
export type Draft = Record<Question, Answer> & { sacs: string; note: string };

export const MOST_SACS = 10;
const VALUES = { '': null, yes: true, no: false } as const;

const answerOf = (said: boolean | null): Answer => (said === null ? '' : said ? 'yes' : 'no');

export const draftOf = (outcome: CycleOutcome): Draft => ({
  hcg: answerOf(outcome.hcg),
  clinical_pregnancy: answerOf(outcome.clinical_pregnancy),
  live_birth: answerOf(outcome.live_birth),
  miscarriage: answerOf(outcome.miscarriage),
  sacs: outcome.sacs === null ? '' : String(outcome.sacs),
  note: outcome.note,
});

/** Whether the number of sacs is none that can be. */
export function areSacsWrong({ sacs }: Draft): boolean {
  const value = typed(sacs);
  if (value === null) return sacs.trim() !== '';
  return !Number.isInteger(value) || value < 0 || value > MOST_SACS;
}

/** What to ask of the server: only what is no longer as it was; null takes back what was told. */
export function changesOf(outcome: CycleOutcome, draft: Draft): Changes {
  const before = draftOf(outcome);
  const changes: Changes = {};
  for (const question of QUESTIONS) {
    if (draft[question] !== before[question]) changes[question] = VALUES[draft[question]];
  }
  if (draft.sacs.trim() !== before.sacs) changes.sacs = typed(draft.sacs);
  if (draft.note !== before.note) changes.note = draft.note;
  return changes;
}

/** The outcome as it is now, with what was typed upon the one before. */
export function carried(before: CycleOutcome, draft: Draft, now: CycleOutcome): Draft {
  const [base, fresh] = [draftOf(before), draftOf(now)];
  const kept = Object.entries(draft).filter(([name, value]) => value !== base[name as keyof Draft]);
  return { ...fresh, ...Object.fromEntries(kept) };
}
