import type { components } from '$lib/api/schema';
import { typed } from '$lib/features/rules/draft';

type Schemas = components['schemas'];
export type Settings = Schemas['ReviewSettingsOut'];
export type Changes = Schemas['PatchedReviewSettingsInRequest'];

/** A person's own rule; empty: the lab's holds. */
export type OwnRule = '' | 'blind' | 'open';

/** The settings as they are being typed. */
export interface Draft {
  isBlindFirst: boolean;
  /** In percent. */
  threshold: string;
  /** Hours by phase. */
  tolerances: Record<string, string>;
  people: Record<string, OwnRule>;
}

export const LONGEST_H = 48;
const RULES = { '': null, blind: true, open: false } as const;

const ruleOf = (isBlind: boolean | null): OwnRule => (isBlind === null ? '' : isBlind ? 'blind' : 'open');
// A share such as 0.29 is not exactly 29 hundredths.
const percentOf = (share: number): string => String(Math.round(share * 1e4) / 100);

export function draftOf(settings: Settings): Draft {
  return {
    isBlindFirst: settings.blind_first,
    threshold: percentOf(settings.bulk_threshold),
    tolerances: mapped(settings.tolerance_hours, String),
    people: Object.fromEntries(settings.people.map((one) => [one.user_id, ruleOf(one.blind_first)])),
  };
}

const within = (value: number | null, most: number): value is number =>
  value !== null && value >= 0 && value <= most;

/** What was typed that cannot be: `threshold` or a phase. */
export function wrongIn(draft: Draft): string[] {
  const phases = Object.entries(draft.tolerances).filter(([, text]) => !within(typed(text), LONGEST_H));
  return [...(within(typed(draft.threshold), 100) ? [] : ['threshold']), ...phases.map(([phase]) => phase)];
}

/** What to ask of the server: only what is no longer as it was, so that others' changes stay. */
export function changesOf(settings: Settings, draft: Draft): Changes {
  const before = draftOf(settings);
  const changes: Changes = {};
  if (draft.isBlindFirst !== before.isBlindFirst) changes.blind_first = draft.isBlindFirst;
  if (draft.threshold !== before.threshold) changes.bulk_threshold = (typed(draft.threshold) ?? 0) / 100;
  const tolerances = differing(before.tolerances, draft.tolerances);
  if (tolerances.length > 0) {
    changes.tolerance_hours = Object.fromEntries(
      tolerances.map(([phase, text]) => [phase, typed(text) ?? 0]),
    );
  }
  const people = differing(before.people, draft.people);
  if (people.length > 0) {
    changes.people = people.map(([user_id, rule]) => ({ user_id, blind_first: RULES[rule] }));
  }
  return changes;
}

/** The settings as they are now, with what was typed upon those before; who left the lab is left out. */
export function carried(before: Settings, draft: Draft, now: Settings): Draft {
  const [base, fresh] = [draftOf(before), draftOf(now)];
  return {
    isBlindFirst: draft.isBlindFirst === base.isBlindFirst ? fresh.isBlindFirst : draft.isBlindFirst,
    threshold: draft.threshold === base.threshold ? fresh.threshold : draft.threshold,
    tolerances: upon(base.tolerances, draft.tolerances, fresh.tolerances),
    people: upon(base.people, draft.people, fresh.people),
  };
}

function upon<T>(
  base: Record<string, T>,
  said: Record<string, T>,
  fresh: Record<string, T>,
): Record<string, T> {
  const kept = Object.fromEntries(differing(base, said).filter(([name]) => name in fresh));
  return { ...fresh, ...kept };
}

const differing = <T>(before: Record<string, T>, after: Record<string, T>): [string, T][] =>
  Object.entries(after).filter(([name, value]) => value !== before[name]);

const mapped = <T, U>(values: Record<string, T>, into: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, into(value)]));
