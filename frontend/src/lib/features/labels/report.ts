import type { Conflict, ListedImport, Remark, Report } from './types';

export interface RemarkGroup {
  code: string;
  shown: Remark[];
  total: number;
}

const SHOWN = 5;

/** Remarks of one kind together, the most frequent kind first; of each kind the first few with their places. */
export function grouped(warnings: readonly Remark[], shown = SHOWN): RemarkGroup[] {
  const groups = new Map<string, RemarkGroup>();
  for (const warning of warnings) {
    const group = groups.get(warning.code) ?? { code: warning.code, shown: [], total: 0 };
    if (group.shown.length < shown) group.shown.push(warning);
    group.total += 1;
    groups.set(warning.code, group);
  }
  return [...groups.values()].sort((a, b) => b.total - a.total || a.code.localeCompare(b.code));
}

export const KINDS = ['tasks', 'annotations', 'predictions', 'drafts'] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds of which the file holds any, in order. */
export const kindsIn = ({ plan }: Report): Kind[] =>
  KINDS.filter((kind) => Object.values(plan[kind]).some((n) => n > 0));

/** How much of one kind an import would write. */
export const willWrite = ({ plan }: Pick<Report, 'plan'>, kind: Kind): number =>
  plan[kind].created + plan[kind].changed;

/** Nothing is written where all is here already. */
export const isAllHere = (report: Pick<Report, 'plan'>): boolean =>
  KINDS.every((kind) => willWrite(report, kind) === 0);

export type Stage = 'read' | 'map' | 'conflicts' | 'done';
export const STAGES: readonly Stage[] = ['read', 'map', 'conflicts', 'done'];

/** Where an import stands among the steps that a person sees; null where it ended without labels. */
export function stageOf(one: Pick<ListedImport, 'state' | 'step'>, hasConflicts: boolean): Stage | null {
  if (one.state === 'finished') return 'done';
  if (one.state === 'previewed') return hasConflicts ? 'conflicts' : 'map';
  if (one.state === 'failed' || one.state === 'cancelled') return null;
  return one.step === 'importing' ? 'done' : 'read';
}

export const isEnded = ({ state }: Pick<ListedImport, 'state'>): boolean =>
  state === 'finished' || state === 'failed' || state === 'cancelled';

export const isWorking = ({ state }: Pick<ListedImport, 'state'>): boolean =>
  state === 'queued' || state === 'running';

const PICTURES: readonly string[] = ['file', 'picture', 'stack'];

/** Where the picture is that an answer stands for; null for answers that are no picture. */
export const pictureOf = (
  label_import: string,
  { id }: Pick<Conflict, 'id'>,
  option: Pick<Conflict['options'][number], 'id' | 'kind'>,
): string | null =>
  PICTURES.includes(option.kind)
    ? `/api/label-imports/${label_import}/conflicts/${id}/${option.id}.jpg`
    : null;
