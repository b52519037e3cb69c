export interface FrameKey {
  index: number;
  plane: number;
  width: number;
}

interface Held extends FrameKey {
  bitmap: ImageBitmap;
  bytes: number;
}

interface Options {
  frames: number;
  planes: number;
  /** Pixels of the recording, for the size of what is held. */
  width: number;
  height: number;
  urlOf: (key: FrameKey) => string;
  maxBytes?: number;
  parallel?: number;
}

const STAND_IN_WIDTH = 96;
const WINDOW = 240;

const nameOf = ({ index, plane, width }: FrameKey): string => `${index}-${plane}-${width}`;

/** Decoded frames around the cursor: fetched ahead, dropped when no longer near, never more than `maxBytes`. */
export class FrameCache {
  /** Counts up when a frame came or went. */
  version = $state(0);
  /** The frame that is asked for could not be fetched. */
  failed = $state.raw<FrameKey | null>(null);

  readonly #options: Required<Options>;
  readonly #held = new Map<string, Held>();
  readonly #flight = new Map<string, AbortController>();
  readonly #refused = new Map<string, number>();
  #bytes = 0;
  #wanted: FrameKey[] = [];
  #cursor: FrameKey = { index: 0, plane: 0, width: 0 };
  #beside: FrameKey | null = null;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = { maxBytes: 384 * 1024 ** 2, parallel: 5, ...options };
  }

  get(key: FrameKey): ImageBitmap | undefined {
    return this.#held.get(nameOf(key))?.bitmap;
  }

  /** The sharpest picture of this frame and plane that is at hand. */
  best({ index, plane }: FrameKey): ImageBitmap | undefined {
    let best: Held | undefined;
    for (const width of [0, 1536, 768, 384, STAND_IN_WIDTH]) {
      const held = this.#held.get(nameOf({ index, plane, width }));
      if (held && (!best || held.bitmap.width > best.bitmap.width)) best = held;
    }
    return best?.bitmap;
  }

  has = (key: FrameKey): boolean => this.#held.has(nameOf(key));

  /** Move to a frame: it comes first, then the one it is laid over, then what lies ahead, then what lies behind. */
  want(key: FrameKey, direction: 1 | -1 = 1, beside: FrameKey | null = null): void {
    this.#cursor = key;
    this.#beside = beside;
    this.failed = null;
    // Coming back to a frame is reason enough to try it once more.
    this.#refused.delete(nameOf(key));
    this.#wanted = this.#around(key, direction);
    const names = new Set(this.#wanted.map(nameOf));
    for (const [name, flight] of this.#flight) {
      if (!names.has(name)) flight.abort();
    }
    this.#fill();
  }

  /** Fetch what failed once more. */
  retry(): void {
    this.#refused.clear();
    this.want(this.#cursor, 1, this.#beside);
  }

  /** Ranges of frames at hand in this plane and width, as [first, last]. */
  ranges(plane: number, width: number): [number, number][] {
    const indices = [...this.#held.values()]
      .filter((held) => held.plane === plane && held.width === width)
      .map(({ index }) => index)
      .sort((a, b) => a - b);
    const ranges: [number, number][] = [];
    for (const index of indices) {
      const last = ranges.at(-1);
      if (last && last[1] === index - 1) last[1] = index;
      else ranges.push([index, index]);
    }
    return ranges;
  }

  close(): void {
    this.#isClosed = true;
    for (const flight of this.#flight.values()) flight.abort();
    for (const { bitmap } of this.#held.values()) bitmap.close();
    this.#held.clear();
  }

  #around(key: FrameKey, direction: 1 | -1): FrameKey[] {
    const { frames, planes, maxBytes } = this.#options;
    const room = Math.max(8, Math.min(WINDOW, Math.floor((maxBytes * 0.8) / this.#sizeOf(key.width))));
    const wanted: FrameKey[] = [];
    // A far jump shows something at once, if only a small picture.
    if (!this.best(key) && key.width !== STAND_IN_WIDTH) wanted.push({ ...key, width: STAND_IN_WIDTH });
    wanted.push(key);
    if (this.#beside) wanted.push(this.#beside);
    for (let step = 1; wanted.length < room && step < frames; step += 1) {
      const ahead = key.index + step * direction;
      if (ahead >= 0 && ahead < frames) wanted.push({ ...key, index: ahead });
      const behind = key.index - (step / 2) * direction;
      if (step % 2 === 0 && behind >= 0 && behind < frames) wanted.push({ ...key, index: behind });
      if (step === 4) {
        for (const plane of [key.plane - 1, key.plane + 1]) {
          if (plane >= 0 && plane < planes) wanted.push({ ...key, plane });
        }
      }
    }
    return wanted;
  }

  #sizeOf(width: number): number {
    const { width: full, height } = this.#options;
    const shown = width === 0 ? full : Math.min(width, full);
    return shown * Math.round((shown * height) / full) * 4;
  }

  #fill(): void {
    for (const [place, key] of this.#wanted.entries()) {
      const name = nameOf(key);
      // The frame that is looked at never waits for those that are fetched ahead.
      if (place > 1 && this.#flight.size >= this.#options.parallel) break;
      if (this.#held.has(name) || this.#flight.has(name) || (this.#refused.get(name) ?? 0) >= 2) continue;
      void this.#fetch(key, name);
    }
  }

  async #fetch(key: FrameKey, name: string): Promise<void> {
    const flight = new AbortController();
    this.#flight.set(name, flight);
    try {
      const answer = await fetch(this.#options.urlOf(key), { signal: flight.signal });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const bitmap = await createImageBitmap(await answer.blob());
      if (this.#isClosed || flight.signal.aborted) bitmap.close();
      else this.#keep({ ...key, bitmap, bytes: bitmap.width * bitmap.height * 4 }, name);
    } catch {
      if (!flight.signal.aborted) {
        this.#refused.set(name, (this.#refused.get(name) ?? 0) + 1);
        if (name === nameOf(this.#cursor)) this.failed = key;
      }
    } finally {
      if (this.#flight.get(name) === flight) this.#flight.delete(name);
      if (!this.#isClosed) this.#fill();
    }
  }

  #keep(held: Held, name: string): void {
    this.#held.set(name, held);
    this.#bytes += held.bytes;
    if (this.#bytes > this.#options.maxBytes) this.#drop();
    this.version += 1;
  }

  /** Let go of what is farthest from the cursor, to well under the limit so that it is not done for every frame. */
  #drop(): void {
    const far = ({ index, plane, width }: Held): number =>
      Math.abs(index - this.#cursor.index) +
      (plane === this.#cursor.plane ? 0 : WINDOW / 2) +
      (width === this.#cursor.width ? 0 : WINDOW);
    const byDistance = [...this.#held.entries()].sort(([, a], [, b]) => far(b) - far(a));
    for (const [name, held] of byDistance) {
      if (this.#bytes <= this.#options.maxBytes * 0.9) break;
      const isLookedAt = held.index === this.#cursor.index || held.index === this.#beside?.index;
      if (isLookedAt && held.plane === this.#cursor.plane) continue;
      this.#held.delete(name);
      this.#bytes -= held.bytes;
      held.bitmap.close();
    }
  }
}
