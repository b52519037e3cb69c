import { turnsOf } from '$lib/features/phases/course';
import type { Command } from '$lib/keys/commands.svelte';
import type { Look } from './look.svelte';
import type { ReviewQueue } from './queue.svelte';

interface Ways {
  acceptAbove: () => void;
  undo: () => void;
}

/** The commands of the review queue. */
export function queueCommands(queue: ReviewQueue, look: Look, ways: Ways): Command[] {
  const step = (by: number) => (event?: KeyboardEvent) => look.player?.step(by, event?.timeStamp ?? null);
  const turn = (by: 1 | -1): void => {
    const turns = look.course ? turnsOf(look.course) : [];
    const next =
      by > 0 ? turns.find((frame) => frame > look.frame) : turns.findLast((frame) => frame < look.frame);
    if (next !== undefined) look.seek(next);
  };
  const edit = (): void => void queue.edit(look.frame);
  const hasOne = (): boolean => queue.here !== null;
  return [
    {
      id: 'review.accept',
      title: 'review.accept',
      group: 'review',
      keys: ['KeyA'],
      isEnabled: () => queue.mayAccept(queue.here),
      run: () => queue.accept(),
    },
    {
      id: 'review.reject',
      title: 'review.reject',
      group: 'review',
      keys: ['KeyX'],
      isEnabled: () => queue.mayReject(queue.here),
      run: () => queue.reject(),
    },
    {
      id: 'review.edit',
      title: 'review.edit',
      group: 'review',
      keys: ['KeyE', 'Enter'],
      isEnabled: hasOne,
      run: edit,
    },
    { id: 'review.next', title: 'review.next', group: 'review', keys: ['KeyN'], run: () => queue.skip() },
    {
      id: 'review.accept_above',
      title: 'review.accept_above',
      group: 'review',
      keys: ['Shift+KeyA'],
      isEnabled: () => queue.mayDecide,
      run: ways.acceptAbove,
    },
    {
      id: 'review.undo',
      title: 'review.undo',
      group: 'review',
      keys: ['Ctrl+KeyZ'],
      isEnabled: () => queue.mayUndo,
      run: ways.undo,
    },
    {
      id: 'review.down',
      title: 'review.down',
      group: 'review',
      keys: ['ArrowDown'],
      run: () => queue.step(1),
    },
    { id: 'review.up', title: 'review.up', group: 'review', keys: ['ArrowUp'], run: () => queue.step(-1) },
    { id: 'frame.next', title: 'command.next', group: 'time', keys: ['ArrowRight'], run: step(1) },
    { id: 'frame.previous', title: 'command.previous', group: 'time', keys: ['ArrowLeft'], run: step(-1) },
    { id: 'frame.next10', title: 'command.next10', group: 'time', keys: ['Shift+ArrowRight'], run: step(10) },
    {
      id: 'frame.previous10',
      title: 'command.previous10',
      group: 'time',
      keys: ['Shift+ArrowLeft'],
      run: step(-10),
    },
    {
      id: 'turn.next',
      title: 'embryo.next_onset',
      group: 'time',
      keys: ['Alt+ArrowRight'],
      run: () => turn(1),
    },
    {
      id: 'turn.previous',
      title: 'embryo.previous_onset',
      group: 'time',
      keys: ['Alt+ArrowLeft'],
      run: () => turn(-1),
    },
    { id: 'frame.first', title: 'command.first', group: 'time', keys: ['Home'], run: () => look.seek(0) },
    {
      id: 'frame.last',
      title: 'command.last',
      group: 'time',
      keys: ['End'],
      run: () => look.seek((look.player?.frames ?? 1) - 1),
    },
    { id: 'play', title: 'command.play', group: 'time', keys: ['Space'], run: () => look.player?.toggle() },
  ];
}
