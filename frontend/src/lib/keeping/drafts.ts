import { browsersOwn, keysOf, type Shelf } from './shelf';

const PREFIX = 'embryovision.typed/';
const FORGET_AFTER_MS = 60 * 24 * 3600 * 1000;

/** What somebody typed and when. */
export interface Left<T> {
  value: T;
  at: number;
}

/** What a person types into forms, by what it is about, until it is sent or given up; written at once, since a tab may close right after the key. */
export class Drafts {
  readonly #user: () => string;
  readonly #shelf: Shelf | null;
  readonly #now: () => number;

  constructor(user: () => string, shelf: Shelf | null = browsersOwn(), now: () => number = Date.now) {
    this.#user = user;
    this.#shelf = shelf;
    this.#now = now;
  }

  /** What was left about a thing; null where nothing was, or nothing that can be read. */
  read<T>(thing: string): Left<T> | null {
    return leftIn<T>(this.#shelf?.getItem(this.#address(thing)) ?? '');
  }

  write(thing: string, value: unknown): void {
    try {
      this.#shelf?.setItem(this.#address(thing), JSON.stringify({ value, at: this.#now() }));
    } catch {
      // Full or forbidden: the form works, and what is typed ends with the tab.
    }
  }

  drop(thing: string): void {
    this.#shelf?.removeItem(this.#address(thing));
  }

  /** Drop what nobody came back for in a long time. */
  tidy(): void {
    for (const key of keysOf(this.#shelf, PREFIX)) {
      const left = leftIn(this.#shelf?.getItem(key) ?? '');
      if (!left || this.#now() - left.at > FORGET_AFTER_MS) this.#shelf?.removeItem(key);
    }
  }

  #address(thing: string): string {
    return `${PREFIX}${this.#user()}/${thing}`;
  }
}

function leftIn<T>(text: string): Left<T> | null {
  try {
    const left = JSON.parse(text) as Left<T>;
    return typeof left.at === 'number' ? left : null;
  } catch {
    return null;
  }
}
