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
  #ghost: ImageBitmap | null = null;
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
    this.#paint(bitmap, wanted ? this.#ghostFor(wanted) : null);
    if (!wanted) return; // the frame before stays until this one is here
    this.page.shown = key.index;
    if (!this.#hasDrawn) performance.measure(FIRST, { start: this.page.openedAt, end: performance.now() });
    this.#hasDrawn = true;
    if (player.askedAt !== null)
      this.#measure(player.askedAt, { index: key.index, cached: player.wasCached });
    player.askedAt = null;
  }

  /** The picture of the other frame that is laid over this one; as sharp as this one, or the edges would differ. */
  #ghostFor(bitmap: ImageBitmap): ImageBitmap | null {
    const { frames, ghost } = this.page;
    const other = ghost.frame === null ? undefined : frames?.get(this.page.key(ghost.frame));
    return other && other.width === bitmap.width ? other : null;
  }

  #paint(bitmap: ImageBitmap, other: ImageBitmap | null): void {
    const { view, pixelRatio, ghost } = this.page;
    // Frames that are fetched ahead also ask for a drawing; the same picture again would cost for nothing.
    const shift = other ? ghost.shift() : { dx: 0, dy: 0 };
    const look = [
      view.scale,
      view.left,
      view.top,
      view.stage.width,
      view.stage.height,
      pixelRatio,
      ghost.mode,
      shift.dx,
      shift.dy,
    ].join();
    if (bitmap === this.#painted && other === this.#ghost && look === this.#look) return;
    this.#painted = bitmap;
    this.#ghost = other;
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
    const lay = (picture: ImageBitmap, { dx, dy }: { dx: number; dy: number }): void =>
      context.drawImage(
        picture,
        view.left * pixelRatio + dx * scale,
        view.top * pixelRatio + dy * scale,
        view.picture.width * scale,
        view.picture.height * scale,
      );
    lay(bitmap, { dx: 0, dy: 0 });
    if (!other) return;
    if (ghost.mode === 'onion') context.globalAlpha = 0.5;
    else context.globalCompositeOperation = 'difference';
    lay(other, shift);
    context.globalAlpha = 1;
    if (ghost.mode === 'difference') {
      // What differs between two frames is faint; twice doubled it can be seen.
      context.globalCompositeOperation = 'lighter';
      context.drawImage(this.canvas, 0, 0);
      context.drawImage(this.canvas, 0, 0);
    }
    context.globalCompositeOperation = 'source-over';
  }

  #measure(askedAt: number, detail: { index: number; cached: boolean }): void {
    performance.measure(MEASURE, { start: askedAt, end: performance.now(), detail });
    this.#measures += 1;
    if (this.#measures % MEASURES_KEPT === 0) performance.clearMeasures(MEASURE);
  }
}
