import type { Statistics } from './quality.svelte';

export const RATES = ['fertilisation', 'cleavage', 'blastulation'] as const;

type Weeks = Statistics['by_week'];
type Course = [number[], ...(number | null)[][]];

/** Weeks by the second they begin in, and each rate's share in them; null where nothing was counted. */
export const courseOf = (weeks: Weeks): Course => {
  const inOrder = [...weeks].sort((one, other) => one.starts.localeCompare(other.starts));
  return [
    inOrder.map(({ starts }) => Date.parse(starts) / 1000),
    ...RATES.map((rate) => inOrder.map((week) => week[rate]?.share ?? null)),
  ];
};
