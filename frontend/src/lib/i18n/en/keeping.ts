import type { Entry } from '../translator.svelte';

/** The words of what this browser keeps until it is sent. */
export const keeping = {
  'kept.restored': 'Restored from {when}.',
  'kept.discard': 'Discard',
} satisfies Record<string, Entry>;
