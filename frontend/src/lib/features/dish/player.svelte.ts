export const SPEEDS = [3, 6, 12, 24, 48] as const;

/** Where in the recording one is, and whether it runs. */
export class Player {
  index = $state(0);
  plane = $state(0);
  isPlaying = $state(false);
  speed = $state<(typeof SPEEDS)[number]>(12);
  direction: 1 | -1 = 1;
  /** When the person asked for the frame that is to be shown, for the measure of how fast it came. */
  askedAt: number | null = null;
  /** Whether its picture was at hand when it was asked for. */
  wasCached = false;
  #timer: number | undefined;
  #due = 0;

  constructor(
    readonly frames: number,
    readonly planes: number,
    private readonly isReady: (index: number) => boolean,
  ) {}

  go(index: number, askedAt: number | null = null): void {
    const next = Math.min(this.frames - 1, Math.max(0, Math.round(index)));
    if (next === this.index) return;
    this.direction = next > this.index ? 1 : -1;
    this.askedAt = askedAt;
    this.wasCached = this.isReady(next);
    this.index = next;
  }

  step(by: number, askedAt: number | null = null): void {
    this.pause();
    this.go(this.index + by, askedAt);
  }

  stepPlane(by: number): void {
    this.plane = Math.min(this.planes - 1, Math.max(0, this.plane + by));
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (this.index >= this.frames - 1) this.index = 0;
    this.isPlaying = true;
    this.#due = performance.now();
    this.#timer = requestAnimationFrame(this.#tick);
  }

  pause(): void {
    this.isPlaying = false;
    if (this.#timer !== undefined) cancelAnimationFrame(this.#timer);
    this.#timer = undefined;
  }

  faster(by: 1 | -1): void {
    const place = SPEEDS.indexOf(this.speed) + by;
    this.speed = SPEEDS[place] ?? this.speed;
  }

  readonly #tick = (now: number): void => {
    if (!this.isPlaying) return;
    if (now >= this.#due) {
      if (this.index >= this.frames - 1) {
        this.pause();
        return;
      }
      // A frame that is not here yet is waited for; the clock starts again from there.
      if (this.isReady(this.index + 1)) {
        this.go(this.index + 1);
        this.#due = Math.max(now, this.#due + 1000 / this.speed);
      }
    }
    this.#timer = requestAnimationFrame(this.#tick);
  };
}
