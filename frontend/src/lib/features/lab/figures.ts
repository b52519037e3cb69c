const MOST = 12;

/** The plain figures a manifest states under `metrics`, flattened to `group name` and text. */
export function figuresOf(manifest: Record<string, unknown>): [name: string, value: string][] {
  return flatten(manifest['metrics'], '').slice(0, MOST);
}

function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'number') return [[path, String(Math.round(value * 10_000) / 10_000)]];
  if (typeof value === 'string' && value.length <= 60) return [[path, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, [path, name.replaceAll('_', ' ')].filter(Boolean).join(' · ')),
  );
}
