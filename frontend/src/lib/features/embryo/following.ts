import type { Ellipse } from '$lib/features/dish/geometry';
import type { View } from '$lib/features/dish/view.svelte';

/** How much of a well's radius is shown at least: rims are dark, and embryos lie on the floor within. */
const SHOWN = 0.8;

/** Keeps the view on one well while the dish shifts under it; where a person panned or zoomed to, it stays against the well. */
export class Following {
  /** What a person chose: the centre against the well's, in picture pixels, and the zoom; null shows the whole well. */
  #chosen: { dx: number; dy: number; zoom: number } | null = null;
  #look = '';
  #stage = '';
  #well: Ellipse | null = null;

  constructor(private readonly view: View) {}

  /** Lay the view on the well's place. */
  follow(well: Ellipse): void {
    const { width, height } = this.view.stage;
    const stage = `${width}x${height}`;
    // Another size of the stage also looks different, but nobody meant anything by it.
    if (stage === this.#stage && this.#look !== this.#seen()) this.#learn();
    this.#stage = stage;
    this.#well = well;
    this.#show(well);
  }

  /** Show the whole well again. */
  reset(): void {
    this.#chosen = null;
    if (this.#well) this.#show(this.#well);
  }

  /** Whether the whole well is shown because nobody panned or zoomed. */
  get isWhole(): boolean {
    // Read in any case, so that what depends on this hears when the view moves.
    const seen = this.#seen();
    return this.#chosen === null && this.#look === seen;
  }

  #show(well: Ellipse): void {
    const { view } = this;
    const shorter = Math.min(view.stage.width, view.stage.height);
    const chosen = this.#chosen;
    const radius = chosen ? shorter / (2.4 * view.fit * chosen.zoom) : Math.max(well.rx, well.ry) * SHOWN;
    view.showAround(well.cx + (chosen?.dx ?? 0), well.cy + (chosen?.dy ?? 0), radius);
    this.#look = this.#seen();
  }

  /** Somebody moved the view since it was laid: what they see now is what they want to see. */
  #learn(): void {
    if (!this.#well) return;
    const { view } = this;
    const centre = view.toPicture(view.stage.width / 2, view.stage.height / 2);
    this.#chosen = { dx: centre.x - this.#well.cx, dy: centre.y - this.#well.cy, zoom: view.zoom };
  }

  #seen(): string {
    const { view } = this;
    return [view.zoom, view.left, view.top].map((value) => value.toFixed(3)).join();
  }
}
