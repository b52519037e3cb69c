import type { QueueItem } from './types';

/** What became of an item here: on its way to the server, accepted or rejected, or refused and open again. */
export type Fate = 'sending' | 'accepted' | 'rejected' | 'refused';
export type Fates = ReadonlyMap<string, Fate>;

type Named = Pick<QueueItem, 'stack' | 'place'>;

export const keyOf = ({ stack, place }: Named): string => `${stack}:${place}`;

const isOpen = (fate: Fate | undefined): boolean => fate === undefined || fate === 'refused';

/** The next item that waits after `key`; from the end it begins at the top, and null says that nothing else waits. */
export function nextOpen<T extends Named>(items: readonly T[], fates: Fates, key: string | null): T | null {
  const at = items.findIndex((item) => keyOf(item) === key);
  const turned = [...items.slice(at + 1), ...items.slice(0, Math.max(0, at))];
  return turned.find((item) => isOpen(fates.get(keyOf(item)))) ?? null;
}

/** The list with what the server says now: what was decided here keeps its place, what others took goes, what is new comes last. */
export function merged<T extends Named>(before: readonly T[], fresh: readonly T[], fates: Fates): T[] {
  const news = new Map(fresh.map((item) => [keyOf(item), item]));
  const kept = before.flatMap((item) => {
    const key = keyOf(item);
    return fates.has(key) ? [news.get(key) ?? item] : (news.get(key) ?? []);
  });
  const known = new Set(before.map(keyOf));
  return [...kept, ...fresh.filter((item) => !known.has(keyOf(item)))];
}
