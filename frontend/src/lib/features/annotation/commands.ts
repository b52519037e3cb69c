import type { Command } from '$lib/keys/commands.svelte';
import { measuringCommands } from '$lib/features/measuring/commands';
import { sightingCommands } from '$lib/features/sightings/commands';
import { PHASES } from '$lib/features/phases/stages';
import type { Annotation } from './annotation.svelte';
import { PHASE_KEYS } from './phases';
import { putTitle } from './telling';

interface Ways {
  /** Null until the reading can be written. */
  annotation: () => Annotation | null;
  submit: () => void;
  comment: () => void;
  grade: () => void;
  /** Show the list of measurements. */
  measured: () => void;
}

/** A field's own undo is for its text. */
const isWriting = (): boolean =>
  document.activeElement?.matches('textarea, input:not([type="radio"], [type="checkbox"])') ?? false;

/** The keys with which an embryo is annotated. */
export function annotationCommands({ annotation, submit, comment, grade, measured }: Ways): Command[] {
  const mayEdit = (): boolean => annotation()?.mayEdit ?? false;
  const withIt = (act: (one: Annotation) => void) => (): void => {
    const one = annotation();
    if (one) act(one);
  };
  const command = (
    id: string,
    title: Command['title'],
    keys: string[],
    run: () => void,
    isEnabled: () => boolean = mayEdit,
  ): Command => ({ id: `annotation.${id}`, title, group: 'annotation', keys, run, isEnabled });
  return [
    ...PHASES.map((phase) =>
      command(
        `put.${phase}`,
        putTitle(phase),
        [PHASE_KEYS[phase]],
        withIt((one) => one.put(phase, one.page.dish.shown)),
      ),
    ),
    command(
      'remove',
      'annotation.remove',
      ['Delete'],
      withIt((one) => one.removeHere()),
    ),
    command(
      'accept',
      'annotation.accept_word',
      ['KeyA'],
      withIt((one) => one.word && one.accept(one.word)),
    ),
    command(
      'reject',
      'annotation.reject_word',
      ['KeyX'],
      withIt((one) => one.word && one.reject(one.word)),
    ),
    command('grades', 'annotation.grade_key', ['KeyE'], grade),
    command('comment', 'annotation.comment_key', ['KeyM'], comment),
    command(
      'undo',
      'annotation.undo',
      ['Ctrl+KeyZ'],
      withIt((one) => one.reading.undo()),
      () => mayEdit() && !isWriting(),
    ),
    command(
      'redo',
      'annotation.redo',
      ['Ctrl+Shift+KeyZ', 'Ctrl+KeyY'],
      withIt((one) => one.reading.redo()),
      () => mayEdit() && !isWriting(),
    ),
    command('submit', 'annotation.submit', ['Ctrl+Enter'], submit),
    ...measuringCommands(() => annotation()?.measuring ?? null, measured),
    ...sightingCommands(() => annotation()?.sightings ?? null),
  ];
}
