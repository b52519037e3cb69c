import type { Edit } from './edits';
import { browsersOwn, keysOf, type Shelf } from './shelf';

const PREFIX = 'embryovision.said/';

interface Page {
  /** In the order they were written. */
  at: number;
  edits: Edit[];
}

/** What was said a moment ago, until the browser's store has it: written at once, while a tab may close before the store answers. */
export class Journal {
  readonly #shelf: Shelf | null;
  #last = 0;

  constructor(shelf: Shelf | null = browsersOwn()) {
    this.#shelf = shelf;
  }

  write(name: string, edits: readonly Edit[], now: number): void {
    if (!edits[0]) return;
    // Two keys within one tick of the clock stay in order.
    this.#last = Math.max(now, this.#last + 0.001);
    const page: Page = { at: this.#last, edits: [...edits] };
    try {
      this.#shelf?.setItem(addressOf(name, edits), JSON.stringify(page));
    } catch {
      // Full: the store, which is larger, still gets it.
    }
  }

  strike(name: string, edits: readonly Edit[]): void {
    this.#shelf?.removeItem(addressOf(name, edits));
  }

  /** What was written of a thing and not struck, each deed as it was written. */
  left(name: string): Edit[][] {
    return this.#addresses()
      .filter((address) => nameIn(address) === name)
      .flatMap((address) => pageIn(this.#shelf?.getItem(address) ?? ''))
      .sort((one, other) => one.at - other.at)
      .map(({ edits }) => edits);
  }

  /** The things of which something was written. */
  names(): string[] {
    return [...new Set(this.#addresses().map(nameIn))];
  }

  #addresses(): string[] {
    return keysOf(this.#shelf, PREFIX);
  }
}

const addressOf = (name: string, edits: readonly Edit[]): string => `${PREFIX}${name}#${edits[0]?.id ?? ''}`;

const nameIn = (address: string): string => address.slice(PREFIX.length, address.lastIndexOf('#'));

function pageIn(text: string): Page[] {
  try {
    return [JSON.parse(text) as Page];
  } catch {
    return [];
  }
}
