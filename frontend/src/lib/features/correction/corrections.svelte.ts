import type { Refusal } from '$lib/api/refusal';
import type { CorrectionValue, Delivered } from '$lib/api/types';
import type { Change, Conflict } from '$lib/keeping/edits';
import { same, valueIn, type Fields, type Value } from '$lib/keeping/fields';
import type { Saved, Versioned } from '$lib/keeping/versioned.svelte';
import { correctedOf, type By, type Corrected } from './fields';

/** What the lab put right about one dish, and a box that is being moved. */
export class Corrections {
  /** A box that is being moved: shown, and sent only once it is let go. */
  draft = $state.raw<{ field: string; value: Value } | null>(null);
  #kept = $state.raw<Versioned<CorrectionValue> | null>(null);
  readonly #me: () => string;

  readonly fields: Fields = $derived.by(() => this.#kept?.fields ?? {});
  readonly corrected: Corrected = $derived.by(() =>
    correctedOf(
      this.draft ? { ...this.fields, [this.draft.field]: this.draft.value } : this.fields,
      (field) => this.#byOf(field),
    ),
  );

  /** `me` is the name under which one's own corrections show until the server has them. */
  constructor(me: () => string) {
    this.#me = me;
  }

  get known(): CorrectionValue | null {
    return this.#kept?.known ?? null;
  }

  get conflicts(): readonly Conflict[] {
    return this.#kept?.kept.conflicts ?? [];
  }

  /** How many corrections the server does not have yet. */
  get waiting(): number {
    return this.#kept?.kept.edits.length ?? 0;
  }

  get refusal(): Refusal | null {
    return this.#kept?.refusal ?? null;
  }

  get saved(): Saved {
    return this.#kept?.saved ?? 'loading';
  }

  get isKeptHere(): boolean {
    return this.#kept?.isKeptHere ?? true;
  }

  get canUndo(): boolean {
    return this.#kept?.canUndo ?? false;
  }

  get canRedo(): boolean {
    return this.#kept?.canRedo ?? false;
  }

  /** Follow the corrections of a recording, with those that wait in this browser. */
  async open(kept: Versioned<CorrectionValue>): Promise<void> {
    this.#kept = kept;
    await kept.load();
  }

  /** News of the dish: a newer version is asked for. */
  hear({ event }: Pick<Delivered, 'event'>): void {
    if (event.type !== 'correction.changed' || event.stack_id !== this.known?.stack) return;
    void this.#kept?.heard(event.version);
  }

  /** Put something right; it stands at once and is one deed to undo. */
  say(changes: Change[]): void {
    const isNews = changes.some(({ field, value }) => !same(valueIn(this.fields, field), value));
    if (isNews) this.#kept?.change(changes);
  }

  undo(): void {
    this.#kept?.undo();
  }

  redo(): void {
    this.#kept?.redo();
  }

  /** Decide between two values that were said without knowing of each other. */
  choose(field: string, whose: 'mine' | 'theirs'): void {
    this.#kept?.choose(field, whose);
  }

  /** Give up what the server refuses. */
  discard(): void {
    this.#kept?.discard();
  }

  async retry(): Promise<void> {
    await this.#kept?.retry();
  }

  /** Send what waits once more; what cannot be sent now stays in the browser. */
  close(): void {
    this.#kept?.close();
  }

  #byOf(field: string): By | null {
    const isMine = this.#kept?.kept.edits.some((edit) => edit.field === field);
    if (this.draft?.field === field || isMine) return { name: this.#me(), at: null };
    const by = this.known?.corrected_by[field];
    return by ? { name: by.by_name, at: by.at } : null;
  }
}
