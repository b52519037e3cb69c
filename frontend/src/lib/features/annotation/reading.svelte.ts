import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { ReadingValue } from '$lib/api/types';
import { changesOf, merged, overlaid, rebased, type Change, type Edit } from './edits';
import { fieldsOf, same, valueIn, type Fields } from './fields';
import { noted, redone, undone } from './history';
import { Journal } from './journal';
import { NOTHING_KEPT, withEdits, type Keeper, type Kept } from './keeping';

/** The server takes no more at once; the rest is told the next time. */
const MOST_SECONDS = 3600;

/** How what was said stands: the server has it, is getting it, cannot be reached, or a person has to choose. */
export type Saved = 'loading' | 'saved' | 'saving' | 'waiting' | 'conflict' | 'refused';

/** The server's answer to a write that knew an older version: the reading as it is now. */
export class ChangedMeanwhile extends Error {
  constructor(readonly current: ReadingValue) {
    super('changed meanwhile');
  }
}

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
  /** Changes made within this time are sent together. */
  pauseMs?: number;
  retryMs?: number;
  now?: () => number;
}

/** My annotation of one embryo: shown at once, kept in the browser, sent in order, merged where somebody else wrote. */
export class Reading {
  known = $state.raw<ReadingValue | null>(null);
  kept = $state.raw<Kept>(NOTHING_KEPT);
  refusal = $state.raw<Refusal | null>(null);
  isLoaded = $state(false);
  isSending = $state(false);
  isUnreachable = $state(false);
  /** False where the browser forbids storage: edits that are not sent end with the tab. */
  isKeptHere = $state(true);

  readonly #options: Required<Options>;
  #unsettled = 0;
  #settled: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;
  #seconds = 0;
  #isClosed = false;

  /** What stands for me: the server's, with what it has not heard yet. */
  readonly fields: Fields = $derived.by(() => overlaid(fieldsOf(this.known), this.kept.edits));
  readonly saved: Saved = $derived.by(() => this.#state());
  readonly canUndo: boolean = $derived(this.kept.history.past.length > 0);
  readonly canRedo: boolean = $derived(this.kept.history.future.length > 0);
  readonly isSubmitted: boolean = $derived(
    this.known?.state === 'submitted' && this.kept.edits.length === 0 && this.kept.conflicts.length === 0,
  );

  constructor(options: Options) {
    const usual = { seconds: () => 0, pauseMs: 400, retryMs: 5000, now: Date.now };
    this.#options = { ...usual, ...options, journal: options.journal ?? new Journal() };
  }

  /** What waits in the browser comes first: it must not be lost where the server cannot be reached. */
  async load(): Promise<void> {
    try {
      this.kept = await this.#takenUp();
      this.known ??= this.kept.known;
    } catch {
      this.isKeptHere = false;
    }
    await this.refresh();
    this.isLoaded = true;
    if (this.kept.edits.length > 0) this.#later(0);
  }

  /** What the browser's store holds, with what a tab that closed had no time to store. */
  async #takenUp(): Promise<Kept> {
    const { keeper, journal, name } = this.#options;
    let kept = await keeper.read(name);
    for (const edits of journal.left(name)) {
      kept = await keeper.change(name, (before) => withEdits(before, edits));
      journal.strike(name, edits);
    }
    return kept;
  }

  /** Hear what the server holds now; edits that wait are sorted by it. */
  async refresh(): Promise<void> {
    await this.#sending;
    try {
      this.#absorb(await this.#options.server.load());
      this.isUnreachable = false;
    } catch (error) {
      this.#failed(asRefusal(error));
    }
  }

  /** Say something; it stands at once and is one deed to undo. */
  change(changes: Change[]): void {
    const fields = this.fields;
    const turns = changes.map(({ field, value }) => ({
      field,
      before: valueIn(fields, field),
      after: value,
    }));
    const at = this.#options.now();
    this.#say(changes, (kept) => ({ ...kept, history: noted(kept.history, turns, at) }));
  }

  undo(): void {
    this.#turn(undone(this.kept.history, this.fields));
  }

  redo(): void {
    this.#turn(redone(this.kept.history, this.fields));
  }

  /** Decide between two values that were said without knowing of each other. */
  choose(field: string, whose: 'mine' | 'theirs'): void {
    const conflict = this.kept.conflicts.find((one) => one.field === field);
    if (!conflict) return;
    if (whose === 'mine') this.change([{ field, value: conflict.mine, reason: conflict.reason }]);
    else this.#keep((kept) => withoutConflicts(kept, new Set([field])));
  }

  /** Give up what the server refuses. */
  discard(): void {
    this.refusal = null;
    this.#keep((kept) => ({ ...kept, edits: [] }));
  }

  /** Send what waits; true when the server has all of it. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
    await this.#sending;
    return this.kept.edits.length === 0 && this.kept.conflicts.length === 0 && !this.isUnreachable;
  }

  /** Hand the reading in; false where something has to be settled first. */
  async submit(): Promise<boolean> {
    // What somebody else wrote since is taken over and looked at; only a second try in a row gives up.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (!(await this.flush()) || !this.known) return false;
      try {
        const seconds = this.#spent();
        this.#took(await this.#options.server.submit(this.known.version, seconds), new Set());
        this.#seconds -= seconds;
        return true;
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error;
        this.#absorb(error.current);
      }
    }
    return false;
  }

  /** Take over what another request of ours told, such as a signature. */
  take(reading: ReadingValue): void {
    this.#absorb(reading);
  }

  /** Send what waits once more; what cannot be sent now stays in the browser. */
  close(): void {
    this.#isClosed = true;
    void this.flush();
  }

  #state(): Saved {
    if (this.kept.conflicts.length > 0) return 'conflict';
    if (this.refusal) return 'refused';
    if (this.isUnreachable) return 'waiting';
    if (!this.known) return 'loading';
    return this.isSending || this.kept.edits.length > 0 ? 'saving' : 'saved';
  }

  #turn(turned: ReturnType<typeof undone>): void {
    if (!turned) return;
    const changes = turned.values.map(([field, value]) => ({ field, value }));
    this.#say(changes, (kept) => ({ ...kept, history: turned.history }));
  }

  #say(changes: Change[], remember: (kept: Kept) => Kept): void {
    const known = fieldsOf(this.known);
    const fresh = changes.map(({ field, value, reason = '' }): Edit => ({
      id: editId(),
      field,
      value,
      base: valueIn(known, field),
      reason,
    }));
    // Whoever says it again has seen both values.
    const said = new Set(changes.map(({ field }) => field));
    const { journal, name, now } = this.#options;
    const touchedAt = now();
    journal.write(name, fresh, touchedAt);
    const stored = this.#keep((kept) => {
      const next = remember(withoutConflicts(kept, said));
      return { ...withEdits(next, fresh), touchedAt };
    });
    void stored.then((isStored) => isStored && journal.strike(name, fresh));
    this.refusal = null;
    this.#later(this.#options.pauseMs);
  }

  /** The same step here and in the browser's store, where another tab may have added something. */
  #keep(change: (kept: Kept) => Kept): Promise<boolean> {
    this.kept = change(this.kept);
    this.#unsettled += 1;
    const stored = this.#options.keeper.change(this.#options.name, change).then(
      (kept) => kept,
      () => {
        this.isKeptHere = false;
        return null;
      },
    );
    this.#settled = Promise.all([this.#settled, stored]).then(([, kept]) => {
      this.#unsettled -= 1;
      if (kept && this.#unsettled === 0) this.kept = kept;
    });
    return stored.then((kept) => kept !== null);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  async #send(): Promise<void> {
    this.isSending = true;
    try {
      while (!this.refusal) {
        await this.#settled;
        const { edits } = this.kept;
        if (edits.length === 0) break;
        if (!this.known) this.#absorb(await this.#options.server.load());
        else await this.#sendOnce(this.known, edits);
      }
    } catch (error) {
      this.#failed(asRefusal(error));
    } finally {
      this.isSending = false;
    }
  }

  async #sendOnce(known: ReadingValue, edits: Edit[]): Promise<void> {
    const ids = new Set(edits.map(({ id }) => id));
    const changes = changesOf(edits, fieldsOf(known));
    if (changes.length === 0) return this.#took(known, ids);
    const seconds = this.#spent();
    try {
      this.#took(await this.#options.server.change(known.version, changes, seconds), ids);
      this.#seconds -= seconds;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
      this.#absorb(error.current);
    }
  }

  /** Seconds to tell; they stay until the server has taken them. */
  #spent(): number {
    this.#seconds += this.#options.seconds();
    return Math.min(MOST_SECONDS, this.#seconds);
  }

  #took(reading: ReadingValue, sent: ReadonlySet<string>): void {
    this.isUnreachable = false;
    this.known = reading;
    const fields = fieldsOf(reading);
    this.#keep((kept) => ({
      ...kept,
      known: reading,
      edits: rebased(
        kept.edits.filter(({ id }) => !sent.has(id)),
        fields,
      ),
    }));
  }

  #absorb(reading: ReadingValue): void {
    if (this.known && reading.version < this.known.version) return; // an older answer that came late
    this.known = reading;
    const fields = fieldsOf(reading);
    this.#keep((kept) => {
      const sorted = merged(kept.edits, fields);
      const open = kept.conflicts
        .filter(({ field }) => !sorted.conflicts.some((other) => other.field === field))
        .map((conflict) => ({ ...conflict, theirs: valueIn(fields, conflict.field) }))
        .filter(({ mine, theirs }) => !same(mine, theirs));
      return { ...kept, known: reading, edits: sorted.edits, conflicts: [...open, ...sorted.conflicts] };
    });
  }

  #failed(refusal: Refusal): void {
    const isAway = refusal.code === 'unreachable' || refusal.status >= 500 || refusal.status === 429;
    this.isUnreachable = isAway;
    if (isAway && !this.#isClosed) this.#later(this.#options.retryMs);
    else if (!isAway) this.refusal = refusal;
  }
}

const editId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('');

const withoutConflicts = (kept: Kept, fields: ReadonlySet<string>): Kept => ({
  ...kept,
  conflicts: kept.conflicts.filter(({ field }) => !fields.has(field)),
});
