import type { Clock, Tick } from '$lib/features/dish/clock';

interface Bound {
  frame_index: number;
  hours_post_insemination: number | null;
}

/** The recording laid out by its real hours, or by frame numbers where nobody knows the hours; 0 is its start, 1 its end. */
export class Axis {
  readonly isHours: boolean;
  readonly #places: number[];

  constructor(
    private readonly clock: Clock,
    readonly frames: number,
  ) {
    this.isHours = clock.kind !== 'frames';
    const last = Math.max(1, frames - 1);
    this.#places = this.isHours
      ? between(hoursOf(clock, frames))
      : range(frames).map((frame) => frame / last);
  }

  /** Where a frame lies. */
  at(frame: number): number {
    return this.#places[Math.min(this.frames - 1, Math.max(0, frame))] ?? 0;
  }

  /** The frame that lies nearest to a place. */
  frameAt(place: number): number {
    let [low, high] = [0, this.frames - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < place) low = middle + 1;
      else high = middle;
    }
    return low > 0 && place - this.at(low - 1) < this.at(low) - place ? low - 1 : low;
  }

  /** Where the bound of an onset lies: hours where the onset has them, else a frame number. */
  ofBound(value: number, onset: Bound): number {
    if (onset.hours_post_insemination === null || this.clock.kind !== 'hpi') {
      const [below, above] = [this.at(Math.floor(value)), this.at(Math.ceil(value))];
      return below + (above - below) * (value - Math.floor(value));
    }
    return this.ofHour(value);
  }

  /** Where an hour lies, kept within the recording. */
  ofHour(hour: number): number {
    const [first, last] = [this.#edge(0, 1), this.#edge(this.frames - 1, -1)];
    if (first === null || last === null || last <= first) return 0;
    return Math.min(1, Math.max(0, (hour - first) / (last - first)));
  }

  /** Round values to print along the axis, each where it lies. */
  ticks(): (Tick & { place: number })[] {
    return this.clock.ticks().map((tick) => ({
      ...tick,
      place: this.isHours ? this.ofHour(tick.value) : this.at(tick.frame),
    }));
  }

  #edge(from: number, step: 1 | -1): number | null {
    for (let frame = from; frame >= 0 && frame < this.frames; frame += step) {
      const hour = this.clock.at(frame);
      if (hour !== null) return hour;
    }
    return null;
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const hoursOf = (clock: Clock, frames: number): (number | null)[] =>
  range(frames).map((frame) => clock.at(frame));

/** Hours as shares of the recording; a frame without a time lies between its neighbours. */
function between(hours: (number | null)[]): number[] {
  const known = hours.filter((hour) => hour !== null);
  const [first = 0, last = 0] = [known[0], known.at(-1)];
  const span = last - first || 1;
  const places: number[] = [];
  let from = -1;
  for (const [frame, hour] of hours.entries()) {
    if (hour === null) continue;
    const place = (hour - first) / span;
    const before = from < 0 ? 0 : (places[from] ?? 0);
    for (let gap = from + 1; gap < frame; gap += 1) {
      places[gap] = from < 0 ? 0 : before + ((place - before) * (gap - from)) / (frame - from);
    }
    // Times that run backwards would fold the axis; the recording's order stands.
    places[frame] = Math.max(place, before);
    from = frame;
  }
  for (let rest = from + 1; rest < hours.length; rest += 1) places[rest] = 1;
  return places;
}
