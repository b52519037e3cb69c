import type { SplitRule } from './types';

/** The usual divisions, in percent for training, validation and test. */
export const USUAL: readonly (readonly [number, number, number])[] = [
  [80, 20, 0],
  [80, 10, 10],
  [70, 15, 15],
];

export const nameOf = (shares: readonly number[]): string => shares.filter((share) => share > 0).join('/');

export const isUsual = ({ shares }: Pick<SplitRule, 'shares'>): boolean =>
  USUAL.some((one) => nameOf(one) === nameOf(shares) && one.length === shares.length);

/** There is always something to learn from and something to choose by. */
const LEAST: readonly number[] = [1, 1, 0];

/** Shares that sum to a hundred with one of them set; the largest of the others gives or takes. */
export function withShare(shares: readonly number[], place: number, share: number): number[] {
  const least = (at: number): number => LEAST[at] ?? 0;
  const most = 100 - shares.reduce((sum, _, at) => sum + (at === place ? 0 : least(at)), 0);
  const next = [...shares];
  next[place] = Math.max(least(place), Math.min(most, Math.round(share)));
  let over = next.reduce((sum, one) => sum + one, 0) - 100;
  const others = next.map((one, at) => ({ one, at })).filter(({ at }) => at !== place);
  others.sort((a, b) => b.one - a.one || a.at - b.at);
  for (const { one, at } of others) {
    const given = Math.max(least(at), one - over);
    over -= one - given;
    next[at] = given;
  }
  return next;
}
