import type { components } from '$lib/api/schema';
import { holdsEmbryo, type Well } from '$lib/features/readers/asked';

type Schemas = components['schemas'];
export type FateName = Schemas['FateEnum'];
// What a model has a default for is optional on the way in only; every answer tells it.
export type Fate = Required<Schemas['FateOut']>;
export type Fates = ReadonlyMap<string, Fate>;

export const FATES: FateName[] = ['transferred', 'frozen', 'discarded'];

/** The wells to ask about: those with an embryo, and any of which something was told; all of them where asked for. */
export const asksAbout = (wells: readonly Well[], fates: Fates, isAll: boolean): Well[] =>
  wells.filter((well) => isAll || holdsEmbryo(well) || !!fates.get(well.place)?.fate);

/** What was typed into a field for a moment, as the server takes it; null: now. */
export function momentOf(text: string): string | null {
  const when = new Date(text);
  return text === '' || Number.isNaN(when.getTime()) ? null : when.toISOString();
}
