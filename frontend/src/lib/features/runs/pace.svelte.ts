const MEMORY_S = 15;

interface Sample {
  at: number;
  done: number;
}

/** Time left by the speed of the last seconds; null until there is a speed. */
export class Pace {
  secondsLeft = $state<number | null>(null);
  perSecond = $state<number | null>(null);
  #key = '';
  #samples: Sample[] = [];

  note(key: string, done: number, total: number, now: number = performance.now() / 1000): void {
    const last = this.#samples.at(-1);
    if (key !== this.#key || (last && done < last.done)) this.#samples = [];
    this.#key = key;
    this.#samples = [...this.#samples.filter(({ at }) => now - at < MEMORY_S), { at: now, done }];
    const first = this.#samples[0];
    const seconds = first ? now - first.at : 0;
    const gained = first ? done - first.done : 0;
    // One second of news is not a speed yet.
    this.perSecond = seconds >= 1 && gained > 0 ? gained / seconds : null;
    this.secondsLeft = this.perSecond === null ? null : (total - done) / this.perSecond;
  }
}
