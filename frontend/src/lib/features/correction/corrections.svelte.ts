import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { CorrectionValue, Delivered } from '$lib/api/types';
import { changesOf, merged, overlaid, rebased } from '$lib/features/annotation/edits';
import type { Change, Conflict, Edit } from '$lib/features/annotation/edits';
import { same, valueIn, type Fields, type Value } from '$lib/features/annotation/fields';
import { NO_HISTORY, noted, redone, undone } from '$lib/features/annotation/history';
import { correctedOf, fieldsOf, type By, type Corrected } from './fields';
import { CorrectedMeanwhile, type CorrectionServer } from './server';

type Saved = 'saved' | 'saving' | 'waiting' | 'conflict' | 'refused';

interface Options {
  /** The name under which one's own corrections show until the server has them. */
  me: () => string;
  retryMs?: number;
  now?: () => number;
}

/** What the lab put right about one dish: shown at once, sent in order, merged where somebody else wrote. */
export class Corrections {
  known = $state.raw<CorrectionValue | null>(null);
  edits = $state.raw<readonly Edit[]>([]);
  conflicts = $state.raw<readonly Conflict[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  isSending = $state(false);
  isUnreachable = $state(false);
  /** A box that is being moved: shown, and sent only once it is let go. */
  draft = $state.raw<{ field: string; value: Value } | null>(null);
  #history = $state.raw(NO_HISTORY);
  #server: CorrectionServer | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ids = 0;
  #isClosed = false;
  readonly #options: Required<Options>;

  readonly fields: Fields = $derived.by(() => overlaid(fieldsOf(this.known), [...this.edits]));
  readonly corrected: Corrected = $derived.by(() =>
    correctedOf(
      this.draft ? { ...this.fields, [this.draft.field]: this.draft.value } : this.fields,
      (field) => this.#byOf(field),
    ),
  );
  readonly canUndo: boolean = $derived.by(() => this.#history.past.length > 0);
  readonly canRedo: boolean = $derived.by(() => this.#history.future.length > 0);
  readonly saved: Saved = $derived.by(() => {
    if (this.conflicts.length > 0) return 'conflict';
    if (this.refusal) return 'refused';
    if (this.isUnreachable) return 'waiting';
    return this.isSending || this.edits.length > 0 ? 'saving' : 'saved';
  });

  constructor(options: Options) {
    this.#options = { retryMs: 5000, now: Date.now, ...options };
  }

  /** Follow the corrections that this server keeps. */
  async open(server: CorrectionServer): Promise<void> {
    this.#server = server;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    if (!this.#server) return;
    try {
      this.#absorb(await this.#server.load());
      this.isUnreachable = false;
      if (this.edits.length > 0) void this.flush();
    } catch (error) {
      this.#failed(asRefusal(error));
    }
  }

  /** News of the dish: a newer version is asked for. */
  hear({ event }: Pick<Delivered, 'event'>): void {
    if (event.type !== 'correction.changed' || event.stack_id !== this.known?.stack) return;
    // What we sent ourselves comes with the answer.
    if (event.version > this.known.version && !this.isSending) void this.refresh();
  }

  /** Put something right; it stands at once and is one deed to undo. */
  say(changes: Change[]): void {
    const turns = changes.map(({ field, value }) => ({
      field,
      before: valueIn(this.fields, field),
      after: value,
    }));
    if (turns.every(({ before, after }) => same(before, after))) return;
    this.#history = noted(this.#history, turns, this.#options.now());
    this.#say(changes);
  }

  undo(): void {
    this.#turn(undone(this.#history, this.fields));
  }

  redo(): void {
    this.#turn(redone(this.#history, this.fields));
  }

  /** Decide between two values that were said without knowing of each other. */
  choose(field: string, whose: 'mine' | 'theirs'): void {
    const conflict = this.conflicts.find((one) => one.field === field);
    this.conflicts = this.conflicts.filter((one) => one.field !== field);
    if (conflict && whose === 'mine') this.say([{ field, value: conflict.mine }]);
  }

  /** Give up what the server refuses. */
  discard(): void {
    this.refusal = null;
    this.edits = [];
  }

  /** Send what waits, one write at a time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.isSending || !this.#server) return;
    this.isSending = true;
    try {
      while (this.edits.length > 0 && !this.refusal) {
        if (this.known) await this.#sendOnce(this.#server, this.known, [...this.edits]);
        else this.#absorb(await this.#server.load());
        this.isUnreachable = false;
      }
    } catch (error) {
      this.#failed(asRefusal(error));
    } finally {
      this.isSending = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #sendOnce(server: CorrectionServer, known: CorrectionValue, edits: Edit[]): Promise<void> {
    const sent = new Set(edits.map(({ id }) => id));
    const changes = changesOf(edits, fieldsOf(known));
    try {
      const next = changes.length > 0 ? await server.change(known.version, changes) : known;
      if (next.version >= (this.known?.version ?? 0)) this.known = next;
      const rest = this.edits.filter(({ id }) => !sent.has(id));
      this.edits = rebased(rest, fieldsOf(this.known));
    } catch (error) {
      if (!(error instanceof CorrectedMeanwhile)) throw error;
      this.#absorb(error.current);
    }
  }

  #absorb(correction: CorrectionValue): void {
    if (this.known && correction.version < this.known.version) return; // an older answer that came late
    this.known = correction;
    const theirs = fieldsOf(correction);
    const sorted = merged([...this.edits], theirs);
    this.edits = sorted.edits;
    const isAnew = (field: string): boolean => sorted.conflicts.some((one) => one.field === field);
    const open = this.conflicts
      .filter(({ field }) => !isAnew(field))
      .map((conflict) => ({ ...conflict, theirs: valueIn(theirs, conflict.field) }))
      .filter(({ mine, theirs: held }) => !same(mine, held));
    this.conflicts = [...open, ...sorted.conflicts];
  }

  #turn(turned: ReturnType<typeof undone>): void {
    if (!turned) return;
    this.#history = turned.history;
    this.#say(turned.values.map(([field, value]) => ({ field, value })));
  }

  #say(changes: Change[]): void {
    const held = fieldsOf(this.known);
    const said = new Set(changes.map(({ field }) => field));
    const fresh = changes.map(({ field, value, reason = '' }): Edit => {
      this.#ids += 1;
      return { id: String(this.#ids), field, value, base: valueIn(held, field), reason };
    });
    // Whoever says it again has seen both values.
    this.conflicts = this.conflicts.filter(({ field }) => !said.has(field));
    this.edits = [...this.edits, ...fresh];
    this.refusal = null;
    void this.flush();
  }

  #byOf(field: string): By | null {
    if (this.draft?.field === field || this.edits.some((edit) => edit.field === field)) {
      return { name: this.#options.me(), at: null };
    }
    const by = this.known?.corrected_by[field];
    return by ? { name: by.by_name, at: by.at } : null;
  }

  #failed(refusal: Refusal): void {
    const isAway = refusal.code === 'unreachable' || refusal.status >= 500 || refusal.status === 429;
    this.isUnreachable = isAway;
    if (!isAway) this.refusal = refusal;
    else if (!this.#isClosed) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(
        () => void (this.known ? this.flush() : this.refresh()),
        this.#options.retryMs,
      );
    }
  }
}
