import { same, valueIn, type Fields, type Value } from './fields';

/** A change that the server has not confirmed yet. */
export interface Edit {
  id: string;
  field: string;
  value: Value;
  /** What the server held, as far as known, when this was said. */
  base: Value;
  reason: string;
}

/** One field for which two different things were said, neither knowing of the other. */
export interface Conflict {
  field: string;
  mine: Value;
  theirs: Value;
  reason: string;
}

export interface Change {
  field: string;
  value: Value;
  reason?: string;
}

/** What stands once the edits are said over it. */
export function overlaid(fields: Fields, edits: readonly Edit[]): Fields {
  const next = new Map(Object.entries(fields));
  for (const { field, value } of edits) {
    if (value === null) next.delete(field);
    else next.set(field, value);
  }
  return Object.fromEntries(next);
}

/** What has to be sent: the last value of each field, in the order they were said, without what stands already. */
export function changesOf(edits: readonly Edit[], known: Fields): Change[] {
  const last = new Map<string, Edit>();
  for (const edit of edits) {
    last.delete(edit.field);
    last.set(edit.field, edit);
  }
  return [...last.values()]
    .filter(({ field, value }) => !same(value, valueIn(known, field)))
    .map(({ field, value, reason }) => ({ field, value, ...(reason ? { reason } : {}) }));
}

/** Edits that wait on, told anew what the server holds. */
export const rebased = (edits: readonly Edit[], known: Fields): Edit[] =>
  edits.map((edit) => ({ ...edit, base: valueIn(known, edit.field) }));

/**
 * Sort edits by what the server holds meanwhile: those nobody else touched are said again, those that say the same are
 * done, and where somebody else said something different both are kept for a person to choose.
 */
export function merged(
  edits: readonly Edit[],
  theirs: Fields,
): { edits: Edit[]; conflicts: Conflict[]; agreed: string[] } {
  const conflicts = new Map<string, Conflict>();
  const agreed: string[] = [];
  for (const field of new Set(edits.map((edit) => edit.field))) {
    const own = edits.filter((edit) => edit.field === field);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last) continue;
    const held = valueIn(theirs, field);
    if (same(held, last.value)) agreed.push(field);
    // An answer may have been lost on its way: what is held may be an earlier word of our own.
    else if (!same(held, first.base) && !own.some(({ value }) => same(held, value))) {
      conflicts.set(field, { field, mine: last.value, theirs: held, reason: last.reason });
    }
  }
  const rest = edits.filter(({ field }) => !conflicts.has(field) && !agreed.includes(field));
  return { edits: rebased(rest, theirs), conflicts: [...conflicts.values()], agreed };
}
