import { createStore, del, get, keys, update, type UseStore } from 'idb-keyval';
import type { ReadingValue } from '$lib/api/types';
import type { Conflict, Edit } from './edits';
import { NO_HISTORY, type History } from './history';

/** What this browser keeps of one reading until the server has it, and of what one did. */
export interface Kept {
  edits: Edit[];
  conflicts: Conflict[];
  history: History;
  /** The reading as the server told it last, to show it where the server cannot be reached. */
  known: ReadingValue | null;
  touchedAt: number;
}

export const NOTHING_KEPT: Kept = {
  edits: [],
  conflicts: [],
  history: NO_HISTORY,
  known: null,
  touchedAt: 0,
};

/** The edits after those that wait; one that waits already is not said twice. */
export const withEdits = (kept: Kept, edits: readonly Edit[]): Kept => ({
  ...kept,
  edits: [...kept.edits, ...edits.filter(({ id }) => !kept.edits.some((one) => one.id === id))],
});

export const isWaiting = ({ edits, conflicts }: Kept): boolean => edits.length > 0 || conflicts.length > 0;

/** Where a browser keeps readings; several tabs share it, so whatever changes it is one step. */
export interface Keeper {
  read(name: string): Promise<Kept>;
  change(name: string, change: (kept: Kept) => Kept): Promise<Kept>;
  names(): Promise<string[]>;
  forget(name: string): Promise<void>;
}

export class BrowserKeeper implements Keeper {
  readonly #store: UseStore;

  constructor() {
    this.#store = createStore('embryovision', 'readings');
  }

  async read(name: string): Promise<Kept> {
    return (await get<Kept>(name, this.#store)) ?? NOTHING_KEPT;
  }

  async change(name: string, change: (kept: Kept) => Kept): Promise<Kept> {
    let next = NOTHING_KEPT;
    await update<Kept>(name, (kept) => (next = change(kept ?? NOTHING_KEPT)), this.#store);
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

  read(name: string): Promise<Kept> {
    return Promise.resolve(this.#kept.get(name) ?? NOTHING_KEPT);
  }

  change(name: string, change: (kept: Kept) => Kept): Promise<Kept> {
    const next = change(this.#kept.get(name) ?? NOTHING_KEPT);
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
}
