import type { OnsetValue, PhaseName } from '$lib/api/types';
import type { Clock } from '$lib/features/dish/clock';
import { frameText, onsetText, type Words } from '$lib/features/phases/hours';
import type { Said, Source } from './phases';

/** What stands on one key of the keypad. */
export interface PhaseCell {
  phase: PhaseName;
  source: Source;
  text: string;
  /** My onset lies at the frame that is shown. */
  isHere: boolean;
}

/** My word for a phase where I have one, else the machine's. */
export function cellOf(
  phase: PhaseName,
  said: Said | null,
  machine: OnsetValue | undefined,
  shown: number,
  { words, clock }: { words: Words; clock: Clock },
): PhaseCell {
  if (said === 'absent') {
    return { phase, source: 'absent', text: words.t('annotation.value.absent'), isHere: false };
  }
  if (said) {
    const source = said.source === 'machine' ? 'accepted' : 'own';
    return { phase, source, text: frameText(words, clock, said.frame), isHere: said.frame === shown };
  }
  if (machine) return { phase, source: 'machine', text: onsetText(words, clock, machine), isHere: false };
  return { phase, source: 'none', text: '—', isHere: false };
}
