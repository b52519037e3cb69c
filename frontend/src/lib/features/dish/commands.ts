import { dishAddress } from '$lib/features/compare/address';
import type { Command } from '$lib/keys/commands.svelte';
import { turnsOf } from '$lib/features/phases/course';
import { isUnderWay } from '$lib/features/runs/queue.svelte';
import type { DishPage } from './page.svelte';

export type DishDialog = 'hour' | 'run' | 'name' | 'readers' | 'outcome' | 'incubator';

/** The commands of an open dish. */
export function dishCommands(page: DishPage, open: (dialog: DishDialog) => void): Command[] {
  const step =
    (by: number) =>
    (event?: KeyboardEvent): void =>
      page.player?.step(by, event?.timeStamp ?? null);
  const jump = (frame: number | undefined): void => {
    if (frame !== undefined && page.player) page.player.step(frame - page.player.index);
  };
  const here = (): number => page.player?.index ?? 0;
  const turns = (): number[] => {
    const course = page.chosen === null ? undefined : page.courses.get(page.chosen);
    return course && course.stretches.length > 0 ? turnsOf(course) : changes();
  };
  const changes = (): number[] =>
    [...(page.state?.content_changes ?? []), ...(page.state?.alerts ?? [])]
      .map(({ frame_index }) => frame_index)
      .sort((a, b) => a - b);
  const embryos = (): string[] =>
    page.rows
      .filter(({ content }) => content === 'embryo' || content === 'embryo_gas')
      .map(({ name }) => name);
  const bright = (by: number): void => {
    page.brightness = Math.round(Math.min(2.2, Math.max(0.4, page.brightness + by)) * 10) / 10;
  };
  return [
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
      title: 'command.next_onset',
      group: 'time',
      keys: ['Alt+ArrowRight'],
      run: () => jump(turns().find((frame) => frame > here())),
    },
    {
      id: 'turn.previous',
      title: 'command.previous_onset',
      group: 'time',
      keys: ['Alt+ArrowLeft'],
      run: () => jump(turns().findLast((frame) => frame < here())),
    },
    { id: 'frame.first', title: 'command.first', group: 'time', keys: ['Home'], run: () => jump(0) },
    {
      id: 'frame.last',
      title: 'command.last',
      group: 'time',
      keys: ['End'],
      run: () => jump((page.player?.frames ?? 1) - 1),
    },
    { id: 'go.hour', title: 'command.go_to_hour', group: 'time', keys: ['KeyG'], run: () => open('hour') },
    {
      id: 'play',
      title: 'command.play',
      group: 'time',
      keys: ['Space'],
      run: (event) => (event ? page.hold.press(event) : page.player?.toggle()),
    },
    {
      id: 'faster',
      title: 'command.faster',
      group: 'time',
      keys: ['Period'],
      run: () => page.player?.faster(1),
    },
    {
      id: 'slower',
      title: 'command.slower',
      group: 'time',
      keys: ['Comma'],
      run: () => page.player?.faster(-1),
    },
    {
      id: 'plane.up',
      title: 'command.plane_up',
      group: 'picture',
      keys: ['ArrowUp'],
      run: () => page.player?.stepPlane(1),
    },
    {
      id: 'plane.down',
      title: 'command.plane_down',
      group: 'picture',
      keys: ['ArrowDown'],
      run: () => page.player?.stepPlane(-1),
    },
    {
      id: 'zoom.in',
      title: 'command.zoom_in',
      group: 'picture',
      keys: ['Equal'],
      run: () => page.view.zoomAt(1.25),
    },
    {
      id: 'zoom.out',
      title: 'command.zoom_out',
      group: 'picture',
      keys: ['Minus'],
      run: () => page.view.zoomAt(0.8),
    },
    { id: 'fit', title: 'command.fit', group: 'picture', keys: ['KeyF'], run: () => page.view.reset() },
    {
      id: 'marks',
      title: 'command.hide_marks',
      group: 'picture',
      keys: ['KeyH'],
      run: () => void (page.areMarksHidden = !page.areMarksHidden),
    },
    {
      id: 'invert',
      title: 'command.invert',
      group: 'picture',
      keys: ['KeyI'],
      run: () => void (page.isInverted = !page.isInverted),
    },
    {
      id: 'brighter',
      title: 'command.brighter',
      group: 'picture',
      keys: ['BracketRight'],
      run: () => bright(0.1),
    },
    {
      id: 'darker',
      title: 'command.darker',
      group: 'picture',
      keys: ['BracketLeft'],
      run: () => bright(-0.1),
    },
    {
      id: 'well.next',
      title: 'command.next_well',
      group: 'wells',
      keys: ['PageDown'],
      run: () => page.stepWell(1),
    },
    {
      id: 'well.previous',
      title: 'command.previous_well',
      group: 'wells',
      keys: ['PageUp'],
      run: () => page.stepWell(-1),
    },
    {
      id: 'well.zoom',
      title: 'command.zoom_well',
      group: 'wells',
      keys: ['KeyZ'],
      run: () => page.chosen && page.zoomTo(page.chosen),
    },
    {
      id: 'well.open',
      title: 'command.open_embryo',
      group: 'wells',
      keys: ['Enter'],
      isEnabled: () => page.chosen !== null && page.courses.has(page.chosen),
      run: () => page.chosen && page.app.router.go(page.embryoAddress(page.chosen)),
    },
    {
      id: 'dish.compare',
      title: 'compare.from_dish',
      group: 'wells',
      keys: ['KeyC'],
      isEnabled: () => embryos().length > 0,
      run: () => page.state && page.app.router.go(dishAddress(page.state.dish.id, embryos(), page.chosen)),
    },
    {
      id: 'well.none',
      title: 'command.no_well',
      group: 'wells',
      keys: ['Escape'],
      run: () => page.choose(null),
    },
    {
      id: 'alert.next',
      title: 'command.next_alert',
      group: 'wells',
      keys: ['KeyN'],
      run: () => page.nextAlert(),
    },
    {
      id: 'run.start',
      title: 'run.again',
      group: 'run',
      keys: ['KeyR'],
      isEnabled: () =>
        page.mayEdit && page.stack !== null && !(page.state?.run && isUnderWay(page.state.run)),
      run: () => (page.state?.run ? open('run') : void page.runs.request(null)),
    },
    {
      id: 'dish.rename',
      title: 'dish.rename',
      group: 'run',
      keys: ['F2'],
      isEnabled: () => page.mayEdit && page.state !== null,
      run: () => open('name'),
    },
    {
      id: 'dish.readers',
      title: 'readers.ask',
      group: 'wells',
      isEnabled: () => page.stack !== null,
      run: () => open('readers'),
    },
    {
      id: 'dish.outcome',
      title: 'outcome.menu',
      group: 'wells',
      isEnabled: () => page.stack !== null,
      run: () => open('outcome'),
    },
    {
      id: 'run.cancel',
      title: 'run.cancel',
      group: 'run',
      isEnabled: () => page.mayEdit && !!page.state?.run && isUnderWay(page.state.run),
      run: () => page.state?.run && void page.runs.cancel(page.state.run),
    },
  ];
}
