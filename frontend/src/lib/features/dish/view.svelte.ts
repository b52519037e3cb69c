const MOST = 16;

interface Size {
  width: number;
  height: number;
}

/** Which part of the picture the stage shows. Zoom 1 is the whole picture; the centre is in picture pixels. */
export class View {
  stage = $state.raw<Size>({ width: 1, height: 1 });
  picture = $state.raw<Size>({ width: 1, height: 1 });
  zoom = $state(1);
  #centre = $state.raw<{ x: number; y: number } | null>(null);

  /** Stage pixels a picture pixel at zoom 1. */
  readonly fit: number = $derived(
    Math.min(this.stage.width / this.picture.width, this.stage.height / this.picture.height),
  );
  readonly scale: number = $derived(this.fit * this.zoom);
  readonly left: number = $derived(this.#offset(this.stage.width, this.picture.width, this.#centre?.x));
  readonly top: number = $derived(this.#offset(this.stage.height, this.picture.height, this.#centre?.y));

  reset(): void {
    this.zoom = 1;
    this.#centre = null;
  }

  /** Zoom by a factor and keep the point under (x, y) of the stage where it is. */
  zoomAt(factor: number, x = this.stage.width / 2, y = this.stage.height / 2): void {
    const point = this.toPicture(x, y);
    this.zoom = Math.min(MOST, Math.max(1, this.zoom * factor));
    if (this.zoom === 1) {
      this.#centre = null;
      return;
    }
    this.#centre = {
      x: point.x - (x - this.stage.width / 2) / this.scale,
      y: point.y - (y - this.stage.height / 2) / this.scale,
    };
    this.#settle();
  }

  panBy(dx: number, dy: number): void {
    const centre = this.toPicture(this.stage.width / 2, this.stage.height / 2);
    this.#centre = { x: centre.x - dx / this.scale, y: centre.y - dy / this.scale };
    this.#settle();
  }

  /** Fill most of the stage with what lies around a point of the picture. */
  showAround(x: number, y: number, radius: number): void {
    const shorter = Math.min(this.stage.width, this.stage.height);
    this.zoom = Math.min(MOST, Math.max(1, shorter / (radius * 2.4) / this.fit));
    this.#centre = { x, y };
    this.#settle();
  }

  toPicture(x: number, y: number): { x: number; y: number } {
    return { x: (x - this.left) / this.scale, y: (y - this.top) / this.scale };
  }

  #offset(stage: number, picture: number, centre: number | undefined): number {
    const shown = picture * this.scale;
    // What is smaller than the stage stands in its middle.
    if (shown <= stage || centre === undefined) return (stage - shown) / 2;
    return Math.min(0, Math.max(stage - shown, stage / 2 - centre * this.scale));
  }

  /** Keep the centre where the picture's edge meets the stage's, so that panning back answers at once. */
  #settle(): void {
    this.#centre = this.toPicture(this.stage.width / 2, this.stage.height / 2);
  }
}
