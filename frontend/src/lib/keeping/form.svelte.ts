import type { Drafts } from './drafts';

/** What was typed, and upon what. */
interface Left<Known, Draft> {
  base: Known;
  draft: Draft;
}

interface Options<Known, Draft> {
  drafts: Drafts;
  /** What it is about, for the browser's memory. */
  thing: string;
  draftOf: (known: Known) => Draft;
  /** The draft upon what the server holds now, with what was typed upon what it held before. */
  carried: (before: Known, draft: Draft, now: Known) => Draft;
  isChanged: (known: Known, draft: Draft) => boolean;
}

/** A form over something that the server keeps by versions: what is typed outlives the tab and other people's changes. */
export class Form<Known extends { version: number }, Draft extends object> {
  known = $state.raw<Known | null>(null);
  draft = $state<Draft | null>(null);
  /** Somebody else changed it since this was typed. */
  isOvertaken = $state(false);
  /** When it was typed, where an earlier visit left it. */
  restoredAt = $state<number | null>(null);
  readonly #options: Options<Known, Draft>;
  #isKept = false;

  readonly isChanged: boolean = $derived.by(
    () => this.known !== null && this.draft !== null && this.#options.isChanged(this.known, this.draft),
  );

  constructor(options: Options<Known, Draft>) {
    this.#options = options;
  }

  /** What the server holds now; what was typed, here or in an earlier visit, stays upon it. */
  hear(now: Known): void {
    const before = this.known;
    if (!before) this.#restore(now);
    else if (this.draft && this.isChanged) this.#upon(before, this.draft, now);
    else this.draft = this.#options.draftOf(now);
    this.known = now;
  }

  /** The server took what was typed. */
  sent(now: Known): void {
    this.known = now;
    this.giveUp();
  }

  /** Forget what was typed. */
  giveUp(): void {
    if (this.known) this.draft = this.#options.draftOf(this.known);
    this.isOvertaken = false;
    this.restoredAt = null;
    this.keep();
  }

  /** Keep in the browser what is typed so far; to be called in an effect, which hears of every key. */
  keep(): void {
    const { known, draft, isChanged } = this;
    const { drafts, thing } = this.#options;
    if (isChanged) drafts.write(thing, { base: known, draft: $state.snapshot(draft) });
    // A form that nobody typed into must not forget what another tab is typing.
    else if (this.#isKept) drafts.drop(thing);
    this.#isKept = isChanged;
  }

  #restore(now: Known): void {
    const { drafts, thing, draftOf, isChanged } = this.#options;
    this.draft = draftOf(now);
    const left = drafts.read<Left<Known, Draft>>(thing);
    if (!left) return;
    try {
      this.#upon(left.value.base, left.value.draft, now);
    } catch {
      // An older release left something else.
      this.draft = draftOf(now);
    }
    const isLeft = isChanged(now, this.draft);
    this.restoredAt = isLeft ? left.at : null;
    if (!isLeft) {
      this.isOvertaken = false;
      drafts.drop(thing);
    }
    this.#isKept = isLeft;
  }

  #upon(before: Known, draft: Draft, now: Known): void {
    this.draft = this.#options.carried(before, draft, now);
    this.isOvertaken ||= now.version !== before.version;
  }
}
