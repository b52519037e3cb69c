import type { Filters } from './types';

/** A choice of several with one more or one less; an empty choice means all. */
export const toggled = <K extends string>(chosen: readonly K[], key: K): K[] =>
  chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key];

/** How many of the filters narrow anything. */
export function narrowing(filters: Filters): number {
  const lists = [filters.dishes, filters.patients, filters.annotators, filters.imports, filters.meanings];
  return (
    lists.filter((list) => list.length > 0).length +
    [filters.ground_truth_only, filters.since, filters.until].filter(Boolean).length +
    (filters.sources.length === 1 ? 1 : 0)
  );
}
