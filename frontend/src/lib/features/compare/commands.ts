import type { Command } from '$lib/keys/commands.svelte';
import { LETTERS, VALUES } from './decisions.svelte';
import { moved } from './lay';
import type { ComparePage } from './page.svelte';
import type { DecisionValue } from './types';

interface Ways {
  decide: (value: DecisionValue) => void;
  pick: () => void;
  sort: () => void;
}

/** The commands of embryos side by side. */
export function compareCommands(page: ComparePage, ways: Ways): Command[] {
  const { sync } = page;
  const choose = (key: 'left' | 'right' | 'up' | 'down') => (): void => {
    const here = page.sorted.findIndex(({ name }) => name === page.here?.name);
    const next = page.sorted[moved(here, page.sorted.length, page.columns, key)];
    if (next) page.choose(next.name);
  };
  const onset = (by: 1 | -1): void => {
    const hours = [...(page.here?.onsets.values() ?? [])]
      .filter((hour) => hour !== null)
      .sort((a, b) => a - b);
    // A step lands on the nearest picture, which may lie a moment beside the onset itself.
    const near = 1e-6;
    const next =
      by > 0
        ? hours.find((hour) => hour > sync.hour + near)
        : hours.findLast((hour) => hour < sync.hour - near);
    if (next !== undefined) sync.seek(next);
  };
  const hasOne = (): boolean => page.here !== null;
  return [
    { id: 'compare.left', title: 'compare.left', group: 'wells', keys: ['ArrowLeft'], run: choose('left') },
    {
      id: 'compare.right',
      title: 'compare.right',
      group: 'wells',
      keys: ['ArrowRight'],
      run: choose('right'),
    },
    { id: 'compare.up', title: 'compare.up', group: 'wells', keys: ['ArrowUp'], run: choose('up') },
    { id: 'compare.down', title: 'compare.down', group: 'wells', keys: ['ArrowDown'], run: choose('down') },
    {
      id: 'compare.open',
      title: 'command.open_embryo',
      group: 'wells',
      keys: ['Enter'],
      isEnabled: hasOne,
      run: () => page.here && page.app.router.go(page.here.address),
    },
    {
      id: 'compare.remove',
      title: 'compare.remove',
      group: 'wells',
      keys: ['Delete'],
      isEnabled: hasOne,
      run: () => page.here && page.remove(page.here.item),
    },
    { id: 'compare.pick', title: 'compare.pick', group: 'wells', keys: ['KeyP'], run: ways.pick },
    { id: 'compare.sort', title: 'compare.sort', group: 'wells', keys: ['KeyS'], run: ways.sort },
    ...VALUES.map((value): Command => ({
      id: `decide.${value}`,
      title: `decision.do.${value}`,
      group: 'review',
      keys: [`Key${LETTERS[value]}`],
      isEnabled: () => page.here !== null && page.mayDecide(page.here),
      run: () => ways.decide(value),
    })),
    { id: 'play', title: 'command.play', group: 'time', keys: ['Space'], run: () => sync.toggle() },
    { id: 'frame.next', title: 'command.next', group: 'time', keys: ['Period'], run: () => page.step(1) },
    {
      id: 'frame.previous',
      title: 'command.previous',
      group: 'time',
      keys: ['Comma'],
      run: () => page.step(-1),
    },
    {
      id: 'frame.next10',
      title: 'command.next10',
      group: 'time',
      keys: ['Shift+Period'],
      run: () => page.step(10),
    },
    {
      id: 'frame.previous10',
      title: 'command.previous10',
      group: 'time',
      keys: ['Shift+Comma'],
      run: () => page.step(-10),
    },
    {
      id: 'frame.first',
      title: 'command.first',
      group: 'time',
      keys: ['Home'],
      run: () => sync.seek(sync.first),
    },
    {
      id: 'frame.last',
      title: 'command.last',
      group: 'time',
      keys: ['End'],
      run: () => sync.seek(sync.last),
    },
    {
      id: 'faster',
      title: 'command.faster',
      group: 'time',
      keys: ['BracketRight'],
      run: () => sync.faster(1),
    },
    {
      id: 'slower',
      title: 'command.slower',
      group: 'time',
      keys: ['BracketLeft'],
      run: () => sync.faster(-1),
    },
    {
      id: 'onset.next',
      title: 'embryo.next_onset',
      group: 'time',
      keys: ['Alt+ArrowRight'],
      run: () => onset(1),
    },
    {
      id: 'onset.previous',
      title: 'embryo.previous_onset',
      group: 'time',
      keys: ['Alt+ArrowLeft'],
      run: () => onset(-1),
    },
  ];
}
