import type { Command } from '$lib/keys/commands.svelte';
import type { Measuring } from './measuring.svelte';
import type { Kind } from './sizes';

export const TOOL_KEYS: Readonly<Record<Kind, string>> = { line: 'KeyL', circle: 'KeyR', polygon: 'KeyP' };
const KINDS: readonly Kind[] = ['line', 'circle', 'polygon'];

/** The keys that take a tool in hand; `shown` tells that somebody measures, so that the list is there. */
export function measuringCommands(measuring: () => Measuring | null, shown: () => void): Command[] {
  return KINDS.map((kind) => ({
    id: `measure.${kind}`,
    title: `measure.draw.${kind}`,
    group: 'annotation',
    keys: [TOOL_KEYS[kind]],
    isEnabled: () => measuring()?.mayEdit ?? false,
    run: () => {
      shown();
      measuring()?.start(kind);
    },
  }));
}
