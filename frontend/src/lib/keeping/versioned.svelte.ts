import { asRefusal, isAway, type Refusal } from '$lib/api/refusal';
import { changesOf, merged, overlaid, rebased, type Change, type Edit } from './edits';
import { same, valueIn, type Fields } from './fields';
import { noted, redone, undone } from './history';
import { Journal } from './journal';
import { NOTHING_KEPT, withEdits, withoutConflicts, type Keeper, type Kept } from './keeper';
import { opened } from './outbox';
import { ChangedMeanwhile, type Server } from './server';

/** How what was said stands: the server has it, is getting it, cannot be reached, or a person has to choose. */
export type Saved = 'loading' | 'saved' | 'saving' | 'waiting' | 'conflict' | 'refused';

export interface Options<Known> {
  /** The name under which this browser keeps it: whose, and of what. */
  name: string;
  server: Server<Known>;
  fieldsOf: (known: Known | null) => Fields;
  keeper: Keeper;
  journal?: Journal | undefined;
  /** Changes made within this time are sent together. */
  pauseMs?: number | undefined;
  retryMs?: number | undefined;
  now?: (() => number) | undefined;
}

/** What the server keeps by versions and people edit: shown at once, kept in the browser, sent in order, merged where somebody else wrote. */
export class Versioned<Known extends { version: number }> {
  known = $state.raw<Known | null>(null);
  kept = $state.raw<Kept<Known>>(NOTHING_KEPT);
  refusal = $state.raw<Refusal | null>(null);
  isLoaded = $state(false);
  isSending = $state(false);
  isUnreachable = $state(false);
  /** False where the browser forbids storage: edits that are not sent end with the tab. */
  isKeptHere = $state(true);

  readonly #name: string;
  readonly #server: Server<Known>;
  readonly #fieldsOf: (known: Known | null) => Fields;
  readonly #keeper: Keeper;
  readonly #journal: Journal;
  readonly #pauseMs: number;
  readonly #retryMs: number;
  readonly #now: () => number;
  #unsettled = 0;
  #settled: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;
  #isClosed = false;
  #leave: (() => void) | null = null;

  /** What stands for me: the server's, with what it has not heard yet. */
  readonly fields: Fields = $derived.by(() => overlaid(this.#fieldsOf(this.known), this.kept.edits));
  readonly saved: Saved = $derived.by(() => this.#state());
  readonly canUndo: boolean = $derived(this.kept.history.past.length > 0);
  readonly canRedo: boolean = $derived(this.kept.history.future.length > 0);

  constructor({ name, server, fieldsOf, keeper, journal, pauseMs, retryMs, now }: Options<Known>) {
    this.#name = name;
    this.#server = server;
    this.#fieldsOf = fieldsOf;
    this.#keeper = keeper;
    this.#journal = journal ?? new Journal();
    this.#pauseMs = pauseMs ?? 400;
    this.#retryMs = retryMs ?? 5000;
    this.#now = now ?? Date.now;
  }

  /** What waits in the browser comes first: it must not be lost where the server cannot be reached. */
  async load(): Promise<void> {
    this.#leave ??= opened(this.#name);
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

  /** Hear what the server holds now; edits that wait are sorted by it. */
  async refresh(): Promise<void> {
    await this.#sending;
    try {
      this.#absorb(await this.#server.load());
      this.isUnreachable = false;
    } catch (error) {
      this.#failed(asRefusal(error));
    }
  }

  /** Somebody wrote this version, perhaps we ourselves: a newer one than is known is read. */
  async heard(version: number): Promise<void> {
    await this.#sending;
    if (version > (this.known?.version ?? -1)) await this.refresh();
  }

  /** Say something; it stands at once and is one deed to undo. */
  change(changes: Change[]): void {
    const fields = this.fields;
    const turns = changes.map(({ field, value }) => ({
      field,
      before: valueIn(fields, field),
      after: value,
    }));
    const at = this.#now();
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

  /** Ask once more where the server refused. */
  async retry(): Promise<void> {
    this.refusal = null;
    await this.refresh();
    await this.flush();
  }

  /** Send what waits; true when the server has all of it. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
    await this.#sending;
    return this.kept.edits.length === 0 && this.kept.conflicts.length === 0 && !this.isUnreachable;
  }

  /** Take over what another request of ours told, such as a signature. */
  take(known: Known): void {
    this.#absorb(known);
  }

  /** Send what waits once more; what cannot be sent now stays in the browser. */
  close(): void {
    this.#isClosed = true;
    this.#leave?.();
    void this.flush();
  }

  /** Take the server's answer to something that was sent; these edits are with it. */
  protected took(known: Known, sent: ReadonlySet<string> = new Set()): void {
    this.isUnreachable = false;
    if (!this.known || known.version >= this.known.version) this.known = known;
    const fields = this.#fieldsOf(this.known);
    this.#keep((kept) => ({
      ...kept,
      known: this.known,
      edits: rebased(
        kept.edits.filter(({ id }) => !sent.has(id)),
        fields,
      ),
    }));
  }

  /** What the browser's store holds, with what a tab that closed had no time to store. */
  async #takenUp(): Promise<Kept<Known>> {
    let kept = await this.#keeper.read<Known>(this.#name);
    for (const edits of this.#journal.left(this.#name)) {
      kept = await this.#keeper.change<Known>(this.#name, (before) => withEdits(before, edits));
      this.#journal.strike(this.#name, edits);
    }
    return kept;
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

  #say(changes: Change[], remember: (kept: Kept<Known>) => Kept<Known>): void {
    const known = this.#fieldsOf(this.known);
    const fresh = changes.map(({ field, value, reason = '' }): Edit => ({
      id: editId(),
      field,
      value,
      base: valueIn(known, field),
      reason,
    }));
    // Whoever says it again has seen both values.
    const said = new Set(changes.map(({ field }) => field));
    const touchedAt = this.#now();
    this.#journal.write(this.#name, fresh, touchedAt);
    const stored = this.#keep((kept) => {
      const next = remember(withoutConflicts(kept, said));
      return { ...withEdits(next, fresh), touchedAt };
    });
    void stored.then((isStored) => isStored && this.#journal.strike(this.#name, fresh));
    this.refusal = null;
    this.#later(this.#pauseMs);
  }

  /** The same step here and in the browser's store, where another tab may have added something. */
  #keep(change: (kept: Kept<Known>) => Kept<Known>): Promise<boolean> {
    this.kept = change(this.kept);
    this.#unsettled += 1;
    const stored = this.#keeper.change(this.#name, change).then(
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
        if (edits.length === 0 && !this.isUnreachable) break;
        if (!this.known || edits.length === 0) await this.#hear();
        else await this.#sendOnce(this.known, edits);
      }
    } catch (error) {
      this.#failed(asRefusal(error));
    } finally {
      this.isSending = false;
    }
  }

  async #hear(): Promise<void> {
    this.#absorb(await this.#server.load());
    this.isUnreachable = false;
  }

  async #sendOnce(known: Known, edits: Edit[]): Promise<void> {
    const ids = new Set(edits.map(({ id }) => id));
    const changes = changesOf(edits, this.#fieldsOf(known));
    if (changes.length === 0) return this.took(known, ids);
    try {
      this.took(await this.#server.change(known.version, changes), ids);
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
      this.#absorb(error.current as Known);
    }
  }

  #absorb(known: Known): void {
    if (this.known && known.version < this.known.version) return; // an older answer that came late
    this.known = known;
    const fields = this.#fieldsOf(known);
    this.#keep((kept) => {
      const sorted = merged(kept.edits, fields);
      const open = kept.conflicts
        .filter(({ field }) => !sorted.conflicts.some((other) => other.field === field))
        .map((conflict) => ({ ...conflict, theirs: valueIn(fields, conflict.field) }))
        .filter(({ mine, theirs }) => !same(mine, theirs));
      return { ...kept, known, edits: sorted.edits, conflicts: [...open, ...sorted.conflicts] };
    });
  }

  #failed(refusal: Refusal): void {
    this.isUnreachable = isAway(refusal);
    if (!this.isUnreachable) this.refusal = refusal;
    else if (!this.#isClosed) this.#later(this.#retryMs);
  }
}

const editId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('');
