import type { Drafts } from './drafts';

/** One thing that is being typed, kept in the browser from the first key until it is sent or given up. */
export class Typed<T> {
  /** When it was typed, where an earlier visit left it. */
  restoredAt = $state<number | null>(null);
  #value = $state.raw() as T;
  #initial: T;
  readonly #drafts: Drafts;
  readonly #thing: string;

  /** `initial` is what stands while nothing is typed. */
  constructor(drafts: Drafts, thing: string, initial: T) {
    this.#drafts = drafts;
    this.#thing = thing;
    this.#initial = initial;
    const left = drafts.read<T>(thing);
    const isLeft = left !== null && typeof left.value === typeof initial && !alike(left.value, initial);
    // A part that came with a later release is not in what an older one left.
    this.#value = isLeft ? within(initial, left.value) : initial;
    this.restoredAt = isLeft ? left.at : null;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    if (alike(value, this.#initial)) this.#drafts.drop(this.#thing);
    else this.#drafts.write(this.#thing, value);
  }

  /** Type into a part of it. */
  say(part: Partial<T>): void {
    this.value = { ...this.#value, ...part };
  }

  /** The server has it, and this stands now. */
  sent(initial: T = this.#initial): void {
    this.#initial = initial;
    this.giveUp();
  }

  /** Forget what was typed. */
  giveUp(): void {
    this.value = this.#initial;
    this.restoredAt = null;
  }
}

const within = <T>(initial: T, left: T): T =>
  typeof initial === 'object' && !Array.isArray(initial) ? { ...initial, ...left } : left;

const alike = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
