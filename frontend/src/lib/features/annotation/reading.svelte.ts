import type { ReadingValue } from '$lib/api/types';
import type { Journal } from '$lib/keeping/journal';
import type { Keeper } from '$lib/keeping/keeper';
import { ChangedMeanwhile, type Server } from '$lib/keeping/server';
import type { Change } from '$lib/keeping/edits';
import { Versioned } from '$lib/keeping/versioned.svelte';
import { fieldsOf } from './fields';

/** The server takes no more at once; the rest is told the next time. */
const MOST_SECONDS = 3600;

export interface ReadingServer {
  load(): Promise<ReadingValue>;
  change(version: number, changes: Change[], seconds: number): Promise<ReadingValue>;
  submit(version: number, seconds: number): Promise<ReadingValue>;
}

interface Options {
  name: string;
  server: ReadingServer;
  keeper: Keeper;
  journal?: Journal;
  /** Seconds spent on this embryo that were not told yet; asking for them takes them. */
  seconds?: () => number;
  pauseMs?: number;
  retryMs?: number;
  now?: () => number;
}

/** My annotation of one embryo, and the time that it took. */
export class Reading extends Versioned<ReadingValue> {
  readonly #way: TimedWay;

  readonly isSubmitted: boolean = $derived(
    this.known?.state === 'submitted' && this.kept.edits.length === 0 && this.kept.conflicts.length === 0,
  );

  constructor({ server, seconds = () => 0, ...options }: Options) {
    const way = new TimedWay(server, seconds);
    super({ ...options, server: way, fieldsOf });
    this.#way = way;
  }

  /** Hand the reading in; false where something has to be settled first. */
  async submit(): Promise<boolean> {
    // What somebody else wrote since is taken over and looked at; only a second try in a row gives up.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (!(await this.flush()) || !this.known) return false;
      try {
        this.took(await this.#way.submit(this.known.version));
        return true;
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error;
        this.take(error.current as ReadingValue);
      }
    }
    return false;
  }
}

/** The way to the server, on which the seconds spent are told; they stay until the server has taken them. */
class TimedWay implements Server<ReadingValue> {
  readonly #server: ReadingServer;
  readonly #seconds: () => number;
  #untold = 0;

  constructor(server: ReadingServer, seconds: () => number) {
    this.#server = server;
    this.#seconds = seconds;
  }

  load(): Promise<ReadingValue> {
    return this.#server.load();
  }

  change(version: number, changes: Change[]): Promise<ReadingValue> {
    return this.#telling((seconds) => this.#server.change(version, changes, seconds));
  }

  submit(version: number): Promise<ReadingValue> {
    return this.#telling((seconds) => this.#server.submit(version, seconds));
  }

  async #telling(ask: (seconds: number) => Promise<ReadingValue>): Promise<ReadingValue> {
    this.#untold += this.#seconds();
    const seconds = Math.min(MOST_SECONDS, this.#untold);
    const reading = await ask(seconds);
    this.#untold -= seconds;
    return reading;
  }
}
