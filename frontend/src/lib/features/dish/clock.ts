import type { Hours } from '$lib/api/types';

export type ClockKind = 'hpi' | 'since_start' | 'frames';

export interface Tick {
  frame: number;
  value: number;
}

const HOUR_STEPS = [0.25, 0.5, 1, 2, 4, 6, 12, 24, 48, 120, 240];
const FRAME_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
const MOST_TICKS = 9;

/** When each frame was taken: hours post insemination where known, else since the start, else just its number. */
export class Clock {
  readonly kind: ClockKind;
  readonly #values: (number | null)[];

  constructor(
    hours: Hours | null,
    readonly frames: number,
  ) {
    const has = (values: (number | null)[] | undefined): values is (number | null)[] =>
      values?.some((value) => value !== null) ?? false;
    if (has(hours?.hours_post_insemination)) {
      this.kind = 'hpi';
      this.#values = hours.hours_post_insemination;
    } else if (has(hours?.hours_since_start)) {
      this.kind = 'since_start';
      this.#values = hours.hours_since_start;
    } else {
      this.kind = 'frames';
      this.#values = [];
    }
  }

  at(frame: number): number | null {
    return this.#values[frame] ?? null;
  }

  /** The frame nearest to an hour. */
  frameAt(hour: number): number {
    let best = 0;
    let distance = Infinity;
    for (const [frame, value] of this.#values.entries()) {
      if (value === null || Math.abs(value - hour) >= distance) continue;
      best = frame;
      distance = Math.abs(value - hour);
    }
    return best;
  }

  /** Round hours, or frame numbers, to print along the time bar. */
  ticks(): Tick[] {
    return this.kind === 'frames' ? this.#frameTicks() : this.#hourTicks();
  }

  #frameTicks(): Tick[] {
    const step = FRAME_STEPS.find((candidate) => this.frames / candidate <= MOST_TICKS) ?? this.frames;
    const ticks: Tick[] = [];
    for (let value = step; value <= this.frames; value += step) ticks.push({ frame: value - 1, value });
    return ticks;
  }

  #hourTicks(): Tick[] {
    const known = this.#values.filter((value) => value !== null);
    const [first = 0, last = 0] = [known[0], known.at(-1)];
    const step = HOUR_STEPS.find((candidate) => (last - first) / candidate <= MOST_TICKS) ?? last - first;
    if (!(step > 0)) return [];
    const ticks: Tick[] = [];
    let frame = 0;
    for (let value = Math.ceil(first / step) * step; value <= last; value += step) {
      while (frame < this.#values.length - 1 && (this.#values[frame] ?? -Infinity) < value - 1e-9) frame += 1;
      ticks.push({ frame, value });
    }
    return ticks;
  }
}
