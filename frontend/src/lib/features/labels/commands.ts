import type { Command } from '$lib/keys/commands.svelte';
import type { OneImport } from './one.svelte';

/** The commands of one import. */
export const commandsOf = (one: OneImport): Command[] => [
  {
    id: 'labels.confirm',
    title: 'labels.command.confirm',
    group: 'labels',
    keys: ['KeyA'],
    isEnabled: () => one.mayConfirm,
    run: () => void one.confirm(),
  },
  {
    id: 'labels.next',
    title: 'labels.command.next',
    group: 'labels',
    keys: ['KeyN'],
    isEnabled: () => one.left > 0,
    run: () => document.querySelector<HTMLElement>('[data-settled="false"] input')?.focus(),
  },
];
