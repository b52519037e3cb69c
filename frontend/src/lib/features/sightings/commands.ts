import type { Command } from '$lib/keys/commands.svelte';
import type { Sightings } from './sightings.svelte';

/** The keys for events that the machine did not see. */
export function sightingCommands(sightings: () => Sightings | null): Command[] {
  const mayEdit = (): boolean => sightings()?.mayEdit ?? false;
  return [
    {
      id: 'event.add',
      title: 'sighting.add',
      group: 'annotation',
      keys: ['KeyB'],
      isEnabled: mayEdit,
      run: () => {
        const one = sightings();
        if (one) one.isChoosing = true;
      },
    },
    {
      id: 'event.end',
      title: 'sighting.end_key',
      group: 'annotation',
      keys: ['Shift+KeyB'],
      isEnabled: () => mayEdit() && (sightings()?.mine.length ?? 0) > 0,
      run: () => sightings()?.endHere(),
    },
  ];
}
