/** What a field holds; null where it holds nothing. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

/** A thing as a flat list of what it says: "onsets.t2", "grades.icm", "wells.A1.content". */
export type Fields = Readonly<Record<string, Value>>;

/** What the server derives from the rest, and what therefore is no difference of opinion. */
const DERIVED = new Set(['hours_post_insemination', 'um', 'um2', 'px', 'px2']);

export const valueIn = (fields: Fields, field: string): Value => fields[field] ?? null;

/** Whether two values of a field say the same. */
export const same = (a: Value | undefined, b: Value | undefined): boolean => canonical(a) === canonical(b);

function canonical(value: Value | undefined): string {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const names = Object.keys(value).filter((name) => !DERIVED.has(name) && value[name] !== null);
  return `{${names
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
    .join()}}`;
}
