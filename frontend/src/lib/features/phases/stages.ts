import type { CoarseName, PhaseName, StageName } from '$lib/api/types';
import type { Key } from '$lib/i18n/translator.svelte';

/** Phases in order of time. */
export const PHASES = [
  'tPB2',
  'tPNa',
  'tPNf',
  't2',
  't3',
  't4',
  't5',
  't6',
  't7',
  't8',
  't9+',
  'tM',
  'tSB',
  'tB',
  'tEB',
  'tHB',
] as const satisfies readonly PhaseName[];

/** The order of every vector of stage probabilities. */
export const STAGES = [...PHASES, 'empty', 'not_seen', 'degenerate'] as const satisfies readonly StageName[];

const RANKS: Record<string, number> = Object.fromEntries(STAGES.map((stage, rank) => [stage, rank]));
const PHASE_COUNT = PHASES.length;
/** On these first phases of the dark theme's ramp only white can be read. */
const EARLY = 3;

export const stageRank = (stage: StageName): number => RANKS[stage] ?? STAGES.length;
export const isPhase = (stage: StageName): stage is PhaseName => stageRank(stage) < PHASE_COUNT;

/** The colour of a stage; what has no phase is grey. */
export const stageColour = (stage: StageName): string =>
  isPhase(stage) ? `var(--phase-${stage.replace('+', 'plus')})` : 'var(--phase-none)';

/** The colour of text on a stage's colour. */
export function stageInk(stage: StageName): string {
  if (!isPhase(stage)) return 'var(--text)';
  return stageRank(stage) < EARLY ? 'var(--phase-ink-early)' : 'var(--phase-ink-late)';
}

const HATCHES: Partial<Record<StageName, string>> = {
  empty: 'transparent',
  not_seen: 'repeating-linear-gradient(45deg, var(--phase-none-faint) 0 2px, transparent 2px 6px)',
  degenerate:
    'repeating-linear-gradient(45deg, var(--phase-none) 0 2px, transparent 2px 4px), repeating-linear-gradient(-45deg, var(--phase-none) 0 2px, transparent 2px 4px)',
};

/** The CSS background of a stage: a colour for a phase, nothing, a hatch or a cross-hatch for what has none. */
export const stageFill = (stage: StageName): string => HATCHES[stage] ?? stageColour(stage);

const FIRST_OF: [PhaseName, CoarseName][] = [
  ['tPB2', 'pronuclear'],
  ['t2', 'cleavage'],
  ['t9+', 'blastulation'],
  ['tEB', 'expansion'],
];

/** What a small picture shows of a stage; a degenerate embryo is of no phase, so nothing can be said. */
export function coarseOf(stage: StageName): CoarseName {
  if (stage === 'empty') return 'empty';
  if (!isPhase(stage)) return 'not_seen';
  return FIRST_OF.findLast(([first]) => stageRank(stage) >= stageRank(first))?.[1] ?? 'not_seen';
}

const STAND_INS: Record<CoarseName, StageName> = {
  pronuclear: 'tPNa',
  cleavage: 't4',
  blastulation: 'tSB',
  expansion: 'tEB',
  empty: 'empty',
  not_seen: 'not_seen',
};

/** The stage whose colour stands for all stages of one coarse stage. */
export const standIn = (coarse: CoarseName): StageName => STAND_INS[coarse];

type Unphased = Exclude<StageName, PhaseName>;
type Words = (key: Key) => string;

/** A stage as it stands in tables: phases have one symbol in all languages, "t2". */
export const stageShort = (stage: StageName, t: Words): string =>
  isPhase(stage) ? stage : t(`stage.${stage satisfies Unphased}`);
/** A stage in words: "2 cells". */
export const stageLong = (stage: StageName, t: Words): string => t(`stage.${stage}.long`);
export const coarseName = (coarse: CoarseName, t: Words): string => t(`coarse.${coarse}`);
