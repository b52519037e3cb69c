const MOST = 12;

/** What is told first: how right it is, on pictures and on sequences, then the rest, then single events. */
const ORDER = [/^(test|hard|sequence) /, /^(?!event )/, /^event /];
const rank = (name: string): number => ORDER.findIndex((pattern) => pattern.test(name));

/** The plain figures a manifest states under `metrics`, flattened to `group name` and text, the telling ones first. */
export function figuresOf(manifest: Record<string, unknown>): [name: string, value: string][] {
  return flatten(manifest['metrics'], '')
    .sort(([a], [b]) => rank(a) - rank(b))
    .slice(0, MOST);
}

function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'number') return [[path, String(Math.round(value * 10_000) / 10_000)]];
  if (typeof value === 'string' && value.length <= 60) return [[path, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, [path, name.replaceAll('_', ' ')].filter(Boolean).join(' · ')),
  );
}
