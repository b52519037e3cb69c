import type { Clock } from '$lib/features/dish/clock';

/** A picture this near is of the hour, also beyond the ends of its recording. */
const NEAR_HOURS = 0.25;

/** Whether a recording has a picture of an hour: it had not begun, or was over. */
export type Reach = 'within' | 'before' | 'after';

export interface Moment {
  frame: number;
  reach: Reach;
}

/** A recording's frames by their own hours, for asking many times a second which one belongs to an hour. */
export class Timetable {
  readonly #hours: number[] = [];
  readonly #frames: number[] = [];

  constructor(clock: Clock) {
    const known: [number, number][] = [];
    for (let frame = 0; frame < clock.frames; frame += 1) {
      const hour = clock.kind === 'frames' ? frame : clock.at(frame);
      if (hour !== null) known.push([hour, frame]);
    }
    // Times that run backwards are the recorder's mistake; an hour still finds the frame that names it.
    known.sort(([a, i], [b, j]) => a - b || i - j);
    for (const [hour, frame] of known) {
      this.#hours.push(hour);
      this.#frames.push(frame);
    }
  }

  get first(): number | null {
    return this.#hours[0] ?? null;
  }

  get last(): number | null {
    return this.#hours.at(-1) ?? null;
  }

  /** The frame nearest to an hour; outside the recording its first or last, and that it is not of this hour. */
  at(hour: number): Moment {
    const above = this.#above(hour);
    const count = this.#hours.length;
    if (count === 0) return { frame: 0, reach: 'before' };
    if (above === 0) return { frame: this.#frame(0), reach: this.#reachAt(0, hour, 'before') };
    if (above === count)
      return { frame: this.#frame(count - 1), reach: this.#reachAt(count - 1, hour, 'after') };
    const isLower = hour - this.#hour(above - 1) <= this.#hour(above) - hour;
    return { frame: this.#frame(isLower ? above - 1 : above), reach: 'within' };
  }

  /** The hour of the frame that is `by` frames later than the one of this hour; null at the ends. */
  after(hour: number, by: number): number | null {
    const here = this.#frames.indexOf(this.at(hour).frame);
    const next = Math.min(this.#hours.length - 1, Math.max(0, here + by));
    return this.#hours[next] ?? null;
  }

  // A clock that stops a moment after the last picture still shows that picture's hour.
  #reachAt(place: number, hour: number, outside: Reach): Reach {
    const beside = this.#hours[place === 0 ? 1 : place - 1] ?? this.#hour(place);
    const near = Math.min(NEAR_HOURS, Math.abs(this.#hour(place) - beside) / 2);
    return Math.abs(hour - this.#hour(place)) <= near + 1e-9 ? 'within' : outside;
  }

  #hour(place: number): number {
    return this.#hours[place] ?? 0;
  }

  #frame(place: number): number {
    return this.#frames[place] ?? 0;
  }

  /** The place of the first hour that is later. */
  #above(hour: number): number {
    let [low, high] = [0, this.#hours.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hour(middle) <= hour) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
