import { isRecord } from './records';

type Manifest = Readonly<Record<string, unknown>>;

const PLAIN = [
  'licence',
  'learned_from',
  'created',
  'code_version',
  'renderer_version',
  'preprocessing',
  'adapter',
  'command',
] as const;

export type FactName = (typeof PLAIN)[number] | 'input' | 'classes';

/** What a manifest says in plain words; where it is silent there is no line. */
export function factsOf(manifest: Manifest): [name: FactName, value: string][] {
  const facts: [FactName, string][] = PLAIN.flatMap((name): [FactName, string][] => {
    const value = manifest[name];
    return typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  const { input, classes } = manifest;
  if (isRecord(input)) {
    const sizes = ['width', 'height', 'channels'].map((side) => input[side]);
    if (sizes.every((size) => typeof size === 'number')) facts.push(['input', sizes.join(' × ')]);
  }
  if (Array.isArray(classes)) facts.push(['classes', classes.map(String).join(', ')]);
  return facts;
}

/** What a file brought in from elsewhere came with: its name and hash, and how it was read. */
export function broughtAs(manifest: Manifest): { name: string; sha256: string; isConverted: boolean } | null {
  const { origin } = manifest;
  if (!isRecord(origin) || !('admitted' in origin)) return null;
  const { name, sha256, how } = origin;
  return { name: String(name), sha256: String(sha256), isConverted: how === 'converted' };
}
