import type { components } from '$lib/api/schema';
import type { ContentName, Member } from '$lib/api/types';

type Schemas = components['schemas'];
export type Assignment = Schemas['AssignmentOut'];

/** A well of a recording, as runs found it and people put it right. */
export interface Well {
  place: string;
  content: ContentName | null;
}

export const holdsEmbryo = ({ content }: Well): boolean => content === 'embryo' || content === 'embryo_gas';

/** Colleagues who can write a reading. */
export const readersAmong = (members: readonly Member[], me: string | undefined): Member[] =>
  members.filter(({ role, user }) => role !== 'viewer' && user.id !== me);

/** By place, what this reader was asked already and whether it is done. */
export const askedOf = (all: readonly Assignment[], reader: string): Map<string, 'open' | 'done'> =>
  new Map(
    all
      .filter((one) => one.reader.id === reader)
      .map((one) => [one.place, one.done_at === null ? 'open' : 'done']),
  );

/** What is ticked at first: the chosen well, else every embryo. */
export function tickedFirst(wells: readonly Well[], chosen: string | null): string[] {
  if (wells.some(({ place }) => place === chosen)) return chosen === null ? [] : [chosen];
  return wells.filter(holdsEmbryo).map(({ place }) => place);
}

/** Open ones first, then as they were asked. */
export const openFirst = (all: readonly Assignment[]): Assignment[] =>
  [...all].sort((a, b) => Number(a.done_at !== null) - Number(b.done_at !== null));

export interface OfDish {
  dish: string;
  label: string;
  assignments: Assignment[];
}

/** What one is asked to read, dish by dish in the order in which it was asked. */
export function byDish(all: readonly Assignment[]): OfDish[] {
  const dishes = new Map<string, OfDish>();
  for (const one of all) {
    const known = dishes.get(one.dish) ?? { dish: one.dish, label: one.dish_label, assignments: [] };
    known.assignments.push(one);
    dishes.set(one.dish, known);
  }
  return [...dishes.values()];
}
