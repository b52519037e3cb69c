import { frameUrl, widthFor } from '$lib/api/frames';
import { laidUnder } from './filmstrip';
import type { EmbryoPage } from './page.svelte';

const PER_SECOND = 8;
/** How long the last frame stays before the clip begins anew. */
const REST_FRAMES = 5;

/** The well in some frames, played over and over; pictures are cut to the well when they come, so that a clip stays small. */
export class Clip {
  isPlaying = $state(false);
  failed = $state(false);
  /** Place among the frames of what is shown. */
  at = $state(0);
  loaded = $state(0);

  readonly #pictures: (ImageBitmap | undefined)[] = [];
  readonly #flight = new AbortController();
  #rest = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLoading = false;
  /** How many pictures somebody wants by now. */
  #wanted = 0;

  constructor(
    private readonly page: EmbryoPage,
    readonly frames: readonly number[],
    private readonly side: number,
  ) {}

  get picture(): ImageBitmap | undefined {
    void this.loaded;
    return this.#pictures[this.at];
  }

  /** Fetch the first picture only: the rest is worth its bytes once somebody wants to see it. */
  async open(): Promise<void> {
    await this.#load(1);
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.#timer = setInterval(this.#tick, 1000 / PER_SECOND);
    void this.#load(this.frames.length);
  }

  pause(): void {
    this.isPlaying = false;
    clearInterval(this.#timer);
  }

  close(): void {
    this.pause();
    this.#flight.abort();
    for (const picture of this.#pictures) picture?.close();
  }

  readonly #tick = (): void => {
    if (this.at === this.frames.length - 1 && this.#rest < REST_FRAMES) {
      this.#rest += 1;
      return;
    }
    const next = (this.at + 1) % this.frames.length;
    // A picture that is not here yet is waited for.
    if (!this.#pictures[next]) return;
    this.#rest = 0;
    this.at = next;
  };

  async #load(count: number): Promise<void> {
    // Whoever plays the clip while its first picture comes wants the rest as well.
    this.#wanted = Math.max(this.#wanted, count);
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.failed = false;
    try {
      for (let place = 0; place < this.#wanted; place += 1) {
        if (this.#pictures[place]) continue;
        const picture = await this.#fetch(this.frames[place] ?? 0);
        if (this.#flight.signal.aborted) {
          picture.close();
          return;
        }
        this.#pictures[place] = picture;
        this.loaded += 1;
      }
    } catch {
      if (this.#flight.signal.aborted) return;
      this.failed = true;
      this.pause();
    } finally {
      this.#isLoading = false;
    }
  }

  async #fetch(frame: number): Promise<ImageBitmap> {
    const { stack, view, pixelRatio } = this.page.dish;
    const well = this.page.wellAt(frame);
    if (!stack || !well) throw new Error('Nobody knows where this well lies.');
    const side = Math.round(this.side * pixelRatio);
    const laid = laidUnder(side, well, view.picture);
    const url = frameUrl(stack, frame, stack.default_plane, widthFor(laid.width, stack.width_px));
    const answer = await fetch(url, { signal: this.#flight.signal });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const whole = await createImageBitmap(await answer.blob());
    const scale = whole.width / laid.width;
    const cut = [-laid.left, -laid.top, side, side].map((value) => Math.round(value * scale));
    const [x = 0, y = 0, width = 1, height = 1] = cut;
    const picture = await createImageBitmap(whole, x, y, width, height, {
      resizeWidth: side,
      resizeHeight: side,
    });
    whole.close();
    return picture;
  }
}
