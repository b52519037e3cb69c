/** Hours of development that go by in a second. */
export const SPEEDS = [0.5, 1, 2, 4, 8] as const;
/** A picture that does not come holds the others up no longer than this. */
const PATIENCE_MS = 2_000;

/** One hour for all embryos that are compared, and whether it runs. */
export class Sync {
  hour = $state(0);
  first = $state(0);
  last = $state(0);
  isPlaying = $state(false);
  /** It runs, but pictures of the next hour are still on their way. */
  isWaiting = $state(false);
  speed = $state<(typeof SPEEDS)[number]>(4);
  direction: 1 | -1 = 1;
  #request: number | undefined;
  #before = 0;
  #waitsSince: number | null = null;

  constructor(private readonly isReady: (hour: number) => boolean) {}

  /** The hours that there are pictures of; what was shown stays where it can. */
  reach(first: number, last: number): void {
    this.first = first;
    this.last = Math.max(first, last);
    this.hour = Math.min(this.last, Math.max(this.first, this.hour));
  }

  go(hour: number): void {
    const next = Math.min(this.last, Math.max(this.first, hour));
    if (next !== this.hour) this.direction = next > this.hour ? 1 : -1;
    this.hour = next;
  }

  /** Go to an hour that somebody pointed at. */
  seek(hour: number): void {
    this.pause();
    this.go(hour);
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (this.hour >= this.last) this.hour = this.first;
    this.isPlaying = true;
    this.#before = performance.now();
    this.#request = requestAnimationFrame(this.#tick);
  }

  pause(): void {
    this.isPlaying = false;
    this.isWaiting = false;
    this.#waitsSince = null;
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    this.#request = undefined;
  }

  faster(by: 1 | -1): void {
    this.speed = SPEEDS[SPEEDS.indexOf(this.speed) + by] ?? this.speed;
  }

  /** Let time go by, as every animation frame does. */
  readonly tick = (now: number): void => {
    // A tab that was away for a while goes on where it was instead of leaping.
    const elapsed = Math.min(250, Math.max(0, now - this.#before));
    this.#before = now;
    const next = Math.min(this.last, this.hour + (elapsed / 1000) * this.speed);
    if (!this.#mayGo(next, now)) return;
    this.go(next);
    if (this.hour >= this.last) this.pause();
  };

  readonly #tick = (now: number): void => {
    if (!this.isPlaying) return;
    this.tick(now);
    if (this.isPlaying) this.#request = requestAnimationFrame(this.#tick);
  };

  #mayGo(hour: number, now: number): boolean {
    const isReady = this.isReady(hour);
    this.#waitsSince = isReady ? null : (this.#waitsSince ?? now);
    this.isWaiting = !isReady;
    return isReady || now - (this.#waitsSince ?? now) > PATIENCE_MS;
  }
}
