export interface Difference {
  /** Where the value stands, such as `onsets.t2.frame_index`. */
  path: string;
  /** Undefined: there was none, or there is none any more. */
  before: string | undefined;
  after: string | undefined;
}

/** What became different between two recorded values, one line a value; what stayed the same is left out. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [was, is] = [flat(before), flat(after)];
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  return paths
    .map((path) => ({ path, before: was.get(path), after: is.get(path) }))
    .filter((one) => one.before !== one.after);
}

function flat(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  walk(value, '', found);
  return found;
}

function walk(value: unknown, path: string, found: Map<string, string>): void {
  if (value === null || value === undefined) return;
  const isLeaf = typeof value !== 'object' || (Array.isArray(value) && value.every(isPlain));
  if (isLeaf) {
    found.set(path, written(value));
    return;
  }
  const inner = Object.entries(value);
  if (inner.length === 0) found.set(path, '{}');
  for (const [name, one] of inner) walk(one, path ? `${path}.${name}` : name, found);
}

const isPlain = (value: unknown): boolean => value === null || typeof value !== 'object';

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
