import { same, valueIn, type Fields, type Value } from './fields';

interface Turn {
  field: string;
  before: Value;
  after: Value;
}

/** What one deed of a person changed. */
export interface Step {
  turns: Turn[];
  at: number;
}

export interface History {
  past: Step[];
  future: Step[];
}

export const NO_HISTORY: History = { past: [], future: [] };

const MOST_STEPS = 200;
/** Nudges that follow each other this fast are one deed. */
const TOGETHER_MS = 1200;

/** The history after a deed; what had been undone before it is gone. */
export function noted(history: History, turns: Turn[], at: number): History {
  const changed = turns.filter(({ before, after }) => !same(before, after));
  if (changed.length === 0) return history;
  const before = history.past.at(-1);
  const joined = before && together(before, changed, at);
  const past = joined
    ? [...history.past.slice(0, -1), joined]
    : [...history.past, { turns: changed, at }].slice(-MOST_STEPS);
  return { past, future: [] };
}

/** The last deed of which anything still stands, as what takes it back; null where there is none. */
export function undone(
  history: History,
  fields: Fields,
): { history: History; values: [string, Value][] } | null {
  const past = [...history.past];
  for (let step = past.pop(); step; step = past.pop()) {
    const standing = step.turns.filter(({ field, after }) => same(valueIn(fields, field), after));
    if (standing.length === 0) continue; // somebody said otherwise since; there is nothing of it to take back
    const future = [...history.future, { ...step, turns: standing }];
    return { history: { past, future }, values: standing.map(({ field, before }) => [field, before]) };
  }
  return null;
}

/** The deed that was taken back last, done again; null where there is none. */
export function redone(
  history: History,
  fields: Fields,
): { history: History; values: [string, Value][] } | null {
  const future = [...history.future];
  for (let step = future.pop(); step; step = future.pop()) {
    const standing = step.turns.filter(({ field, before }) => same(valueIn(fields, field), before));
    if (standing.length === 0) continue;
    // Its time is not that of a nudge: what follows is a deed of its own.
    const past = [...history.past, { turns: standing, at: 0 }];
    return { history: { past, future }, values: standing.map(({ field, after }) => [field, after]) };
  }
  return null;
}

function together(before: Step, turns: Turn[], at: number): Step | null {
  const [only, next] = [before.turns[0], turns[0]];
  if (!only || !next || before.turns.length > 1 || turns.length > 1) return null;
  const isNudge =
    only.field === next.field && only.before !== null && next.after !== null && same(only.after, next.before);
  if (!isNudge || at - before.at > TOGETHER_MS) return null;
  return { turns: [{ field: only.field, before: only.before, after: next.after }], at };
}
