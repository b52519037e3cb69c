import type { Key } from '$lib/i18n/translator.svelte';
import { matches, parseChord } from './chord';

export type CommandGroup =
  'everywhere' | 'go' | 'time' | 'picture' | 'wells' | 'annotation' | 'review' | 'run' | 'labels';

export interface Command {
  id: string;
  title: Key;
  group: CommandGroup;
  keys?: string[];
  isEnabled?: () => boolean;
  run(event?: KeyboardEvent): void;
}

/** Every action of the page that is open, for keys, the `?` sheet and the palette alike. */
export class Commands {
  #sets = $state.raw<Command[][]>([]);
  readonly all = $derived(this.#sets.flat());

  /** Offer these commands until the answer is called; two commands on one key are a mistake and refused. */
  add(commands: Command[]): () => void {
    const taken = new Map(
      this.all.flatMap((command) => (command.keys ?? []).map((key) => [key, command.id])),
    );
    for (const command of commands) {
      for (const key of command.keys ?? []) {
        const holder = taken.get(key);
        if (holder) throw new Error(`${key} is bound to ${holder} and to ${command.id}`);
        taken.set(key, command.id);
      }
    }
    this.#sets = [...this.#sets, commands];
    return () => void (this.#sets = this.#sets.filter((set) => set !== commands));
  }

  /** Run the command of a key press; true when there was one. */
  press(event: KeyboardEvent): boolean {
    if (event.defaultPrevented || event.isComposing || isTyping(event)) return false;
    const command = this.all.find((candidate) =>
      (candidate.keys ?? []).some((key) => matches(parseChord(key), event) || isQuestionMark(key, event)),
    );
    if (!command || command.isEnabled?.() === false) return false;
    event.preventDefault();
    command.run(event);
    return true;
  }
}

// `?` lies elsewhere on other layouts; whoever types one means one.
const isQuestionMark = (key: string, event: KeyboardEvent): boolean =>
  key === 'Shift+Slash' && event.key === '?';

/** Keys belong to the field they are typed into, save for chords with Ctrl. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog[open], [role="menu"]') && !event.ctrlKey) return true;
  // Nobody types into these: they take their own few keys and leave the others.
  if (target.matches('input[type="radio"], input[type="checkbox"]') && !event.altKey) {
    return event.code === 'Space' || event.code.startsWith('Arrow');
  }
  if (target.matches('input, textarea, select, [contenteditable]')) return !(event.ctrlKey || event.metaKey);
  const isPressable = target.matches('button, a[href], summary, [role="option"]');
  return isPressable && (event.code === 'Space' || event.code === 'Enter');
}
