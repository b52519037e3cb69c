/** The part of a browser's storage that is written at once. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Null where the browser forbids it. */
export function browsersOwn(): Shelf | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export const keysOf = (shelf: Shelf | null, prefix: string): string[] =>
  Array.from({ length: shelf?.length ?? 0 }, (_, place) => shelf?.key(place) ?? '').filter((key) =>
    key.startsWith(prefix),
  );
