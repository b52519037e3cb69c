import type { Command } from '$lib/keys/commands.svelte';
import type { OneDataSet } from './one.svelte';

/** The commands of one data set. */
export const commandsOf = (one: OneDataSet): Command[] => [
  {
    id: 'data.freeze',
    title: 'data.freeze',
    group: 'labels',
    keys: ['KeyF'],
    isEnabled: () => one.mayFreeze,
    run: () => void one.freeze(),
  },
];
