import { createStore, del, get, keys, update, type UseStore } from 'idb-keyval';
import type { Conflict, Edit } from './edits';
import { NO_HISTORY, type History } from './history';

/** What this browser keeps of one thing until the server has it, and of what one did. */
export interface Kept<Known = unknown> {
  edits: Edit[];
  conflicts: Conflict[];
  history: History;
  /** The thing as the server told it last, to show it where the server cannot be reached. */
  known: Known | null;
  touchedAt: number;
}

export const NOTHING_KEPT: Kept<never> = {
  edits: [],
  conflicts: [],
  history: NO_HISTORY,
  known: null,
  touchedAt: 0,
};

/** The edits after those that wait; one that waits already is not said twice. */
export const withEdits = <Known>(kept: Kept<Known>, edits: readonly Edit[]): Kept<Known> => ({
  ...kept,
  edits: [...kept.edits, ...edits.filter(({ id }) => !kept.edits.some((one) => one.id === id))],
});

export const withoutConflicts = <Known>(kept: Kept<Known>, fields: ReadonlySet<string>): Kept<Known> => ({
  ...kept,
  conflicts: kept.conflicts.filter(({ field }) => !fields.has(field)),
});

export const isWaiting = ({ edits, conflicts }: Kept): boolean => edits.length > 0 || conflicts.length > 0;

/** Where a browser keeps things; several tabs share it, so whatever changes it is one step. */
export interface Keeper {
  read<Known>(name: string): Promise<Kept<Known>>;
  change<Known>(name: string, change: (kept: Kept<Known>) => Kept<Known>): Promise<Kept<Known>>;
  names(): Promise<string[]>;
  forget(name: string): Promise<void>;
}

export class BrowserKeeper implements Keeper {
  readonly #store: UseStore;

  constructor() {
    // Named after what it held first; another name would leave behind what still waits there.
    this.#store = createStore('embryovision', 'readings');
  }

  async read<Known>(name: string): Promise<Kept<Known>> {
    return (await get<Kept<Known>>(name, this.#store)) ?? NOTHING_KEPT;
  }

  async change<Known>(name: string, change: (kept: Kept<Known>) => Kept<Known>): Promise<Kept<Known>> {
    let next: Kept<Known> = NOTHING_KEPT;
    await update<Kept<Known>>(name, (kept) => (next = change(kept ?? NOTHING_KEPT)), this.#store);
    return next;
  }

  async names(): Promise<string[]> {
    return (await keys(this.#store)).map(String);
  }

  async forget(name: string): Promise<void> {
    await del(name, this.#store);
  }
}

/** For browsers that forbid storage: the page works, but what is not sent ends with the tab. */
export class MemoryKeeper implements Keeper {
  readonly #kept = new Map<string, Kept>();

  read<Known>(name: string): Promise<Kept<Known>> {
    return Promise.resolve(this.#held(name));
  }

  change<Known>(name: string, change: (kept: Kept<Known>) => Kept<Known>): Promise<Kept<Known>> {
    const next = change(this.#held(name));
    this.#kept.set(name, next);
    return Promise.resolve(next);
  }

  names(): Promise<string[]> {
    return Promise.resolve([...this.#kept.keys()]);
  }

  forget(name: string): Promise<void> {
    this.#kept.delete(name);
    return Promise.resolve();
  }

  #held<Known>(name: string): Kept<Known> {
    return (this.#kept.get(name) as Kept<Known> | undefined) ?? NOTHING_KEPT;
  }
}
