/** One embryo as an address names it. */
export interface Item {
  dish: string;
  place: string;
}

export const LEAST = 2;
export const MOST = 16;

export const nameOf = ({ dish, place }: Item): string => `${dish}:${place}`;

/** The embryos that an address asks for, each once and at most as many as fit. */
export function itemsOf(asked: string | null): Item[] {
  const items = new Map<string, Item>();
  for (const part of (asked ?? '').split(',')) {
    const [dish = '', place = ''] = part.trim().split(':');
    if (dish && place && items.size < MOST) items.set(`${dish}:${place}`, { dish, place });
  }
  return [...items.values()];
}

/** What stands for these embryos in an address and in a question to the server. */
export const asked = (items: readonly Item[]): string => items.map(nameOf).join(',');

export const compareAddress = (items: readonly Item[]): string =>
  items.length > 0 ? `/compare?items=${asked(items.slice(0, MOST))}` : '/compare';

/** A dish's embryos side by side, with one of them chosen, which is first where there are too many. */
export function dishAddress(dish: string, places: readonly string[], chosen: string | null): string {
  const kept =
    places.length > MOST && chosen ? [chosen, ...places.filter((name) => name !== chosen)] : places;
  const at = chosen && kept.includes(chosen) ? `&at=${nameOf({ dish, place: chosen })}` : '';
  return compareAddress(kept.map((place) => ({ dish, place }))) + at;
}
