import { dishAddress } from '$lib/features/compare/address';
import { dishCommands } from '$lib/features/dish/commands';
import type { Command } from '$lib/keys/commands.svelte';
import { nextUnsure } from './course';
import type { EmbryoPage } from './page.svelte';

/** What the keys of the dish page mean here as well. */
const SHARED = new Set([
  'frame.next',
  'frame.previous',
  'frame.next10',
  'frame.previous10',
  'frame.first',
  'frame.last',
  'go.hour',
  'play',
  'faster',
  'slower',
  'plane.up',
  'plane.down',
  'zoom.in',
  'zoom.out',
  'marks',
  'invert',
  'brighter',
  'darker',
]);

interface Ways {
  goToHour: () => void;
  toDish: () => void;
  /** Frames at which something begins, whoever says so. */
  turns: () => number[];
  /** Frames at which an event begins, whoever saw it. */
  events: () => number[];
}

/** The commands of an open embryo. */
export function embryoCommands(page: EmbryoPage, ways: Ways): Command[] {
  const here = (): number => page.dish.player?.index ?? 0;
  const seek = (frame: number | null | undefined): void => {
    if (frame !== null && frame !== undefined) page.seek(frame);
  };
  const unsure = (by: 1 | -1): void => {
    if (page.calls) seek(nextUnsure(page.calls, here(), by));
  };
  return [
    ...dishCommands(page.dish, ways.goToHour).filter(({ id }) => SHARED.has(id)),
    {
      id: 'onset.next',
      title: 'embryo.next_onset',
      group: 'time',
      keys: ['Alt+ArrowRight'],
      run: () => seek(ways.turns().find((frame) => frame > here())),
    },
    {
      id: 'onset.previous',
      title: 'embryo.previous_onset',
      group: 'time',
      keys: ['Alt+ArrowLeft'],
      run: () => seek(ways.turns().findLast((frame) => frame < here())),
    },
    { id: 'unsure.next', title: 'embryo.next_unsure', group: 'time', keys: ['KeyN'], run: () => unsure(1) },
    {
      id: 'unsure.previous',
      title: 'embryo.previous_unsure',
      group: 'time',
      keys: ['Shift+KeyN'],
      run: () => unsure(-1),
    },
    {
      id: 'event.next',
      title: 'embryo.next_event',
      group: 'time',
      keys: ['KeyK'],
      run: () => seek(ways.events().find((frame) => frame > here()) ?? ways.events()[0]),
    },
    {
      id: 'fit',
      title: 'embryo.whole_well',
      group: 'picture',
      keys: ['KeyF'],
      run: () => page.following.reset(),
    },
    {
      id: 'onion',
      title: 'compare_frames.onion',
      group: 'picture',
      keys: ['KeyO'],
      run: () => page.dish.ghost.toggle('onion'),
    },
    {
      id: 'difference',
      title: 'compare_frames.difference',
      group: 'picture',
      keys: ['Shift+KeyO'],
      run: () => page.dish.ghost.toggle('difference'),
    },
    { id: 'well.next', title: 'embryo.next', group: 'wells', keys: ['PageDown'], run: () => page.step(1) },
    {
      id: 'well.previous',
      title: 'embryo.previous',
      group: 'wells',
      keys: ['PageUp'],
      run: () => page.step(-1),
    },
    {
      id: 'dish.compare',
      title: 'compare.from_dish',
      group: 'wells',
      keys: ['KeyC'],
      run: () => {
        const { state, app } = page.dish;
        if (state) app.router.go(dishAddress(state.dish.id, page.siblings, page.place));
      },
    },
    { id: 'dish.open', title: 'embryo.to_dish', group: 'wells', keys: ['Escape'], run: () => ways.toDish() },
  ];
}
