import type { DishPage } from './page.svelte';

// Measures for whoever wants to know whether it is fast, the tests among them.
const MEASURE = 'frame-shown';
const FIRST = 'first-frame';
const MEASURES_KEPT = 500;

/** Draws the wanted frame once per animation frame, and notes how long the person waited for it. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  #request: number | undefined;
  #measures = 0;
  #hasDrawn = false;
  #painted: ImageBitmap | null = null;
  #look = '';

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly page: DishPage,
  ) {
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('This browser cannot draw on a canvas.');
    this.#context = context;
  }

  schedule(): void {
    this.#request ??= requestAnimationFrame(() => {
      this.#request = undefined;
      this.#draw();
    });
  }

  stop(): void {
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
  }

  #draw(): void {
    const { frames, player } = this.page;
    if (!frames || !player) return;
    const key = this.page.key();
    const wanted = frames.get(key) ?? frames.best(key);
    const bitmap = wanted ?? frames.best({ ...key, index: this.page.shown });
    if (!bitmap) return;
    this.#paint(bitmap);
    if (!wanted) return; // the frame before stays until this one is here
    this.page.shown = key.index;
    if (!this.#hasDrawn) performance.measure(FIRST, { start: this.page.openedAt, end: performance.now() });
    this.#hasDrawn = true;
    if (player.askedAt !== null)
      this.#measure(player.askedAt, { index: key.index, cached: player.wasCached });
    player.askedAt = null;
  }

  #paint(bitmap: ImageBitmap): void {
    const { view, pixelRatio } = this.page;
    // Frames that are fetched ahead also ask for a drawing; the same picture again would cost for nothing.
    const look = [view.scale, view.left, view.top, view.stage.width, view.stage.height, pixelRatio].join();
    if (bitmap === this.#painted && look === this.#look) return;
    this.#painted = bitmap;
    this.#look = look;
    const [width, height] = [
      Math.round(view.stage.width * pixelRatio),
      Math.round(view.stage.height * pixelRatio),
    ];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#050607';
    context.fillRect(0, 0, width, height);
    const scale = view.scale * pixelRatio;
    context.drawImage(
      bitmap,
      view.left * pixelRatio,
      view.top * pixelRatio,
      view.picture.width * scale,
      view.picture.height * scale,
    );
  }

  #measure(askedAt: number, detail: { index: number; cached: boolean }): void {
    performance.measure(MEASURE, { start: askedAt, end: performance.now(), detail });
    this.#measures += 1;
    if (this.#measures % MEASURES_KEPT === 0) performance.clearMeasures(MEASURE);
  }
}
