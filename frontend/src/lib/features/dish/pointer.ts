import type { DishPage } from './page.svelte';

const CLICK_PX = 4;

/** Mouse and pen on the stage: wheel zooms, Ctrl and wheel change the plane, dragging pans. */
export class Pointer {
  #start: { x: number; y: number } | null = null;
  #hasMoved = false;
  #planeTurn = 0;

  constructor(
    private readonly stage: HTMLElement,
    private readonly page: DishPage,
    private readonly onPanning: (isPanning: boolean) => void,
  ) {}

  listen(): () => void {
    const { stage } = this;
    // Not passive: the wheel must not also scroll the page or zoom the browser.
    stage.addEventListener('wheel', this.#wheel, { passive: false });
    stage.addEventListener('pointerdown', this.#down);
    stage.addEventListener('pointermove', this.#move);
    stage.addEventListener('pointerup', this.#up);
    stage.addEventListener('pointercancel', this.#up);
    stage.addEventListener('dblclick', this.#double);
    addEventListener('blur', this.#blur);
    return () => {
      stage.removeEventListener('wheel', this.#wheel);
      stage.removeEventListener('pointerdown', this.#down);
      stage.removeEventListener('pointermove', this.#move);
      stage.removeEventListener('pointerup', this.#up);
      stage.removeEventListener('pointercancel', this.#up);
      stage.removeEventListener('dblclick', this.#double);
      removeEventListener('blur', this.#blur);
    };
  }

  #at(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.stage.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  readonly #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey) {
      this.#planeTurn += event.deltaY;
      if (Math.abs(this.#planeTurn) < 40) return;
      this.page.player?.stepPlane(this.#planeTurn < 0 ? 1 : -1);
      this.#planeTurn = 0;
      return;
    }
    const { x, y } = this.#at(event);
    this.page.view.zoomAt(Math.exp(-event.deltaY * 0.0015), x, y);
  };

  readonly #down = (event: PointerEvent): void => {
    if (event.button > 1) return;
    this.#start = this.#at(event);
    this.#hasMoved = false;
    this.page.hold.isDragging = false;
  };

  readonly #move = (event: PointerEvent): void => {
    const at = this.#at(event);
    // Space held: the picture follows the hand without a button, as in the tools people know.
    if (!this.#start && this.page.hold.isHeld) {
      this.page.view.panBy(event.movementX, event.movementY);
      this.page.hold.isDragging = true;
      this.onPanning(true);
      return;
    }
    if (!this.#start) {
      this.onPanning(false);
      return;
    }
    const [dx, dy] = [at.x - this.#start.x, at.y - this.#start.y];
    if (!this.#hasMoved && Math.hypot(dx, dy) < CLICK_PX) return;
    if (!this.#hasMoved) this.stage.setPointerCapture(event.pointerId);
    this.#hasMoved = true;
    this.page.hold.isDragging = this.page.hold.isHeld;
    this.onPanning(true);
    this.page.view.panBy(dx, dy);
    this.#start = at;
  };

  readonly #up = (event: PointerEvent): void => {
    const isClick = this.#start !== null && !this.#hasMoved;
    this.#start = null;
    this.onPanning(false);
    if (!isClick) return;
    const well = (event.target as Element).closest('[data-well]')?.getAttribute('data-well') ?? null;
    this.page.choose(well);
  };

  readonly #double = (event: MouseEvent): void => {
    const well = (event.target as Element).closest('[data-well]')?.getAttribute('data-well');
    if (well) this.page.zoomTo(well);
    else this.page.view.reset();
  };

  readonly #blur = (): void => {
    this.page.hold.isHeld = false;
  };
}
