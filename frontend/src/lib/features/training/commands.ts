import type { Command } from '$lib/keys/commands.svelte';
import type { OneTraining } from './one.svelte';

/** The commands of one training. */
export const commandsOf = (one: OneTraining): Command[] => [
  {
    id: 'training.stop',
    title: 'training.stop',
    group: 'labels',
    keys: ['KeyS'],
    isEnabled: () => one.mayStop,
    run: () => void one.stop(),
  },
  {
    id: 'training.resume',
    title: 'training.resume',
    group: 'labels',
    keys: ['KeyR'],
    isEnabled: () => one.mayResume,
    run: () => void one.resume(),
  },
];
