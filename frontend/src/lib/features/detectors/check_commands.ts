import type { Command } from '$lib/keys/commands.svelte';
import type { OneCheck } from './check.svelte';

/** The commands of one check: going through what the two say differently. */
export const commandsOf = (one: OneCheck): Command[] => [
  {
    id: 'check.previous',
    title: 'detectors.command.previous',
    group: 'labels',
    keys: ['ArrowLeft'],
    isEnabled: () => one.at > 0,
    run: () => one.step(-1),
  },
  {
    id: 'check.next',
    title: 'detectors.command.next',
    group: 'labels',
    keys: ['ArrowRight'],
    isEnabled: () => one.at < one.shown.length - 1,
    run: () => one.step(1),
  },
];
