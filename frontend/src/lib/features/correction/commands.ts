import type { ContentName } from '$lib/api/types';
import type { DishPage } from '$lib/features/dish/page.svelte';
import type { Key } from '$lib/i18n/translator.svelte';
import type { Command } from '$lib/keys/commands.svelte';

export const CONTENTS: readonly ContentName[] = ['empty', 'embryo', 'gas', 'embryo_gas'];
const STEP_PX = 1;
const LEAP_PX = 10;

const ARROWS = [
  { code: 'ArrowLeft', side: 'left', dx: -1, dy: 0, wider: -1, taller: 0 },
  { code: 'ArrowRight', side: 'right', dx: 1, dy: 0, wider: 1, taller: 0 },
  { code: 'ArrowUp', side: 'up', dx: 0, dy: -1, wider: 0, taller: 1 },
  { code: 'ArrowDown', side: 'down', dx: 0, dy: 1, wider: 0, taller: -1 },
] as const;

/** The commands of a dish page with those of correcting it, which come first where both want a key. */
export function withCorrecting(page: DishPage, commands: Command[]): Command[] {
  const own = page.editing.isOn ? whileCorrecting(page) : [enter(page)];
  const taken = new Set(own.flatMap(({ keys = [] }) => keys));
  return [...commands.filter(({ keys = [] }) => !keys.some((key) => taken.has(key))), ...own];
}

const enter = (page: DishPage): Command => ({
  id: 'correct.enter',
  title: 'correct.enter',
  group: 'wells',
  keys: ['KeyE'],
  isEnabled: () => page.mayEdit && page.stack !== null,
  run: () => page.editing.enter(),
});

function whileCorrecting(page: DishPage): Command[] {
  const { editing, corrections } = page;
  const isChosen = (): boolean => page.chosen !== null;
  return [
    {
      id: 'correct.leave',
      title: 'correct.leave',
      group: 'wells',
      keys: ['Escape', 'KeyE'],
      run: () => editing.leave(),
    },
    ...CONTENTS.map((content, at) => ({
      id: `correct.content.${content}`,
      title: `content.${content}` as Key,
      group: 'wells' as const,
      keys: [`Digit${at + 1}`],
      isEnabled: isChosen,
      run: () => editing.setContent(content),
    })),
    {
      id: 'correct.add',
      title: 'correct.add',
      group: 'wells',
      keys: ['KeyA'],
      isEnabled: () => editing.canDraw && editing.free.length > 0,
      run: () => editing.free[0] !== undefined && editing.add(editing.free[0]),
    },
    {
      id: 'correct.remove',
      title: 'correct.remove',
      group: 'wells',
      keys: ['Delete', 'Backspace'],
      isEnabled: isChosen,
      run: () => editing.remove(),
    },
    {
      id: 'correct.frame',
      title: 'correct.frame',
      group: 'wells',
      keys: ['KeyU'],
      run: () => editing.toggleFrame(),
    },
    {
      id: 'correct.undo',
      title: 'correct.undo',
      group: 'wells',
      keys: ['Ctrl+KeyZ'],
      isEnabled: () => corrections.canUndo,
      run: () => corrections.undo(),
    },
    {
      id: 'correct.redo',
      title: 'correct.redo',
      group: 'wells',
      keys: ['Ctrl+Shift+KeyZ'],
      isEnabled: () => corrections.canRedo,
      run: () => corrections.redo(),
    },
    // With no well chosen the arrows step through time, as they do elsewhere.
    ...(page.chosen === null ? [] : ARROWS.flatMap((arrow) => nudges(page, arrow))),
  ];
}

function nudges(page: DishPage, { code, side, dx, dy, wider, taller }: (typeof ARROWS)[number]): Command[] {
  const { editing } = page;
  const move =
    (px: number, frames: number) =>
    (event?: KeyboardEvent): void => {
      // Who has the time bar in hand moves the time.
      if (dx !== 0 && isOnSlider(event)) page.player?.step(dx * frames, event?.timeStamp ?? null);
      else editing.nudge({ dx: dx * px, dy: dy * px });
    };
  return [
    {
      id: `correct.move.${side}`,
      title: `correct.move.${side}`,
      group: 'wells',
      keys: [code],
      run: move(STEP_PX, 1),
    },
    {
      id: `correct.leap.${side}`,
      title: `correct.leap.${side}`,
      group: 'wells',
      keys: [`Shift+${code}`],
      run: move(LEAP_PX, 10),
    },
    {
      id: `correct.size.${side}`,
      title: `correct.size.${side}`,
      group: 'wells',
      keys: [`Ctrl+${code}`],
      run: () => editing.nudge({ wider: wider * 2 * STEP_PX, taller: taller * 2 * STEP_PX }),
    },
  ];
}

const isOnSlider = (event: KeyboardEvent | undefined): boolean =>
  event?.target instanceof Element && event.target.closest('[role="slider"]') !== null;
