import type { PhaseName } from '$lib/api/types';
import type { Fields } from '$lib/keeping/fields';

/** What a person said of a phase: where it begins, whose word that was first, or that there is no such phase. */
export type Said = { frame: number; source: 'own' | 'machine' } | 'absent';

/** Whose word stands for a phase. */
export type Source = 'own' | 'accepted' | 'absent' | 'machine' | 'none';
/** Told by a sign as well as by colour. */
export const SIGNS: Readonly<Record<Source, string>> = {
  own: '●',
  accepted: '✓',
  absent: '●',
  machine: '◌',
  none: '',
};

// A digit is the number of cells, so that nobody has to learn which key is t5; the phases before and after take the rest.
export const PHASE_KEYS: Readonly<Record<PhaseName, string>> = {
  tPB2: 'Shift+Digit1',
  tPNa: 'Digit1',
  tPNf: 'Digit0',
  t2: 'Digit2',
  t3: 'Digit3',
  t4: 'Digit4',
  t5: 'Digit5',
  t6: 'Digit6',
  t7: 'Digit7',
  t8: 'Digit8',
  't9+': 'Digit9',
  tM: 'Shift+Digit2',
  tSB: 'Shift+Digit3',
  tB: 'Shift+Digit4',
  tEB: 'Shift+Digit5',
  tHB: 'Shift+Digit6',
};

export const onsetField = (phase: PhaseName): string => `onsets.${phase}`;

/** What the fields of a reading say of a phase; null where they say nothing. */
export function saidOf(fields: Fields, phase: PhaseName): Said | null {
  const value = fields[onsetField(phase)];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (value['is_absent'] === true) return 'absent';
  const frame = value['frame_index'];
  if (typeof frame !== 'number') return null;
  return { frame, source: value['source'] === 'machine' ? 'machine' : 'own' };
}
