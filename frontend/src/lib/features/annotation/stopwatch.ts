const IDLE_MS = 30_000;

/** How long somebody worked: the time between things they do, without the pauses in which nobody is there. */
export class Stopwatch {
  #spent = 0;
  #last: number | null = null;

  /** Something was done. */
  tick(now: number): void {
    if (this.#last !== null) this.#spent += Math.min(IDLE_MS, Math.max(0, now - this.#last));
    this.#last = now;
  }

  /** Seconds since they were taken last. */
  take(): number {
    const seconds = Math.round(this.#spent / 100) / 10;
    this.#spent = 0;
    return seconds;
  }
}
