import { drawWell, type Cut } from './drawing';

// A measure for whoever wants to know whether it is fast, the tests among them.
const MEASURE = 'embryos-drawn';
const MEASURES_KEPT = 500;

export interface Picture {
  bitmap: ImageBitmap;
  cut: Cut;
}

interface Surface {
  context: CanvasRenderingContext2D;
  /** What belongs on the canvas now; null while it is on its way, and then the picture before stays. */
  wanted: () => Picture | null;
  look: string;
  painted: ImageBitmap | null;
}

/** Draws all canvases together, once in an animation frame, and each only when it would look different. */
export class Painter {
  readonly #surfaces = new Set<Surface>();
  #request: number | undefined;
  #measures = 0;

  /** Keep a canvas painted until the answer is called. */
  add(canvas: HTMLCanvasElement, wanted: () => Picture | null): () => void {
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('This browser cannot draw on a canvas.');
    const surface: Surface = { context, wanted, look: '', painted: null };
    this.#surfaces.add(surface);
    this.schedule();
    return () => void this.#surfaces.delete(surface);
  }

  schedule(): void {
    this.#request ??= requestAnimationFrame((now) => {
      this.#request = undefined;
      this.#draw(now);
    });
  }

  stop(): void {
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    this.#request = undefined;
  }

  #draw(now: number): void {
    let drawn = 0;
    for (const surface of this.#surfaces) if (this.#paint(surface)) drawn += 1;
    if (drawn === 0) return;
    performance.measure(MEASURE, { start: now, end: performance.now(), detail: { drawn } });
    this.#measures += 1;
    if (this.#measures % MEASURES_KEPT === 0) performance.clearMeasures(MEASURE);
  }

  #paint(surface: Surface): boolean {
    const picture = surface.wanted();
    if (!picture) return false;
    const { cut, bitmap } = picture;
    const { canvas } = surface.context;
    const look = [cut.x, cut.y, cut.side, canvas.width, canvas.height].join();
    if (surface.painted === bitmap && surface.look === look) return false;
    drawWell(surface.context, bitmap, cut);
    surface.painted = bitmap;
    surface.look = look;
    return true;
  }
}
