import type { Annotation } from '$lib/features/annotation/annotation.svelte';
import type { Calibration } from './calibration.svelte';
import {
  freshId,
  measurementField,
  measurementsOf,
  valueOf,
  type KeptCalibration,
  type Measurement,
} from './measurements';
import { apart, clamped, isWhole, sizeOf, type Kind, type Point, type Size } from './sizes';

/** What is being drawn: the points that are set, and where the next one would be. */
export interface Drawing {
  kind: Kind;
  frame: number;
  points: Point[];
  at: Point;
}

/** So near to its first corner, in pixels of the screen, a click closes an outline. */
const CLOSE_PX = 10;
const MOST_POINTS = 200;

/** Measuring on the picture of an open embryo: the tool in hand, the measurement that is chosen, and how long a pixel is. */
export class Measuring {
  drawing = $state.raw<Drawing | null>(null);
  chosen = $state<string | null>(null);
  /** Where a point is held while it is dragged; nothing is said before it is let go. */
  held = $state.raw<{ id: string; points: Point[] } | null>(null);
  readonly calibration: Calibration;
  readonly #annotation: Annotation;

  readonly mine: Measurement[] = $derived.by(() => measurementsOf(this.#annotation.reading.fields));
  readonly theirs: (Measurement & { name: string })[] = $derived.by(() =>
    this.#annotation.others.flatMap(({ reader, measurements }) => {
      const fields = Object.entries(measurements).map(([id, value]) => [measurementField(id), value]);
      return measurementsOf(Object.fromEntries(fields)).map((one) => ({ ...one, name: reader.name }));
    }),
  );
  /** Those of the shown frame, as they lie while one is dragged. */
  readonly here: Measurement[] = $derived.by(() =>
    this.mine
      .filter(({ frame }) => frame === this.#annotation.page.dish.shown)
      .map((one) => (this.held?.id === one.id ? this.#moved(one, this.held.points) : one)),
  );
  readonly drawn: Point[] = $derived.by(() =>
    this.drawing ? [...this.drawing.points, this.drawing.at] : [],
  );

  constructor(annotation: Annotation, calibration: Calibration) {
    this.#annotation = annotation;
    this.calibration = calibration;
  }

  get mayEdit(): boolean {
    return this.#annotation.mayEdit;
  }

  /** Take a tool in hand; its first point starts in the middle of what is seen. The same tool again is put down. */
  start(kind: Kind): void {
    const { dish } = this.#annotation.page;
    if (!this.mayEdit || !dish.player) return;
    if (this.drawing?.kind === kind) return this.leave();
    dish.player.pause();
    const { stage, picture } = dish.view;
    const { x, y } = dish.view.toPicture(stage.width / 2, stage.height / 2);
    this.chosen = null;
    this.drawing = { kind, frame: dish.shown, points: [], at: clamped([x, y], picture) };
  }

  leave(): void {
    this.drawing = null;
  }

  /** The next point would be here. */
  point(at: Point): void {
    const drawing = this.#current();
    if (drawing) this.drawing = { ...drawing, at: clamped(at, this.#annotation.page.dish.view.picture) };
  }

  nudge(dx: number, dy: number): void {
    const { drawing } = this;
    if (drawing) this.point([drawing.at[0] + dx, drawing.at[1] + dy]);
  }

  /** Set the point; what needs no more of them is measured, and an outline is closed where the point is set once more. */
  set(): void {
    const drawing = this.#current();
    if (!drawing) return;
    const { kind, points, at } = drawing;
    const last = points.at(-1);
    const isAgain = last !== undefined && apart(last, at) < 0.05;
    if (kind === 'polygon' && (isAgain || (points.length > 2 && this.#isClosing(points, at)))) {
      return this.#finish(points);
    }
    if (isAgain) return;
    const next = [...points, at];
    if (kind === 'polygon') {
      if (next.length <= MOST_POINTS) this.drawing = { ...drawing, points: next };
    } else if (next.length === 2) this.#finish(next);
    else this.drawing = { ...drawing, points: next };
  }

  /** Close the outline, also where the pen is somewhere else. */
  close(): void {
    const drawing = this.#current();
    if (drawing) this.#finish(drawing.kind === 'polygon' ? drawing.points : this.drawn);
  }

  /** Take the last point back; without one, the tool is put down. */
  back(): void {
    const { drawing } = this;
    const last = drawing?.points.at(-1);
    if (drawing && last) this.drawing = { ...drawing, points: drawing.points.slice(0, -1), at: last };
    else this.leave();
  }

  /** Go to a measurement's frame and show its handles. */
  choose(one: Measurement): void {
    this.leave();
    const { dish } = this.#annotation.page;
    dish.player?.pause();
    this.#annotation.page.seek(one.frame);
    this.chosen = one.id;
  }

  hold(id: string, place: number, at: Point): void {
    const one = this.mine.find((other) => other.id === id);
    if (!one || !this.mayEdit) return;
    const { picture } = this.#annotation.page.dish.view;
    const before = this.held?.id === id ? this.held.points : one.points;
    const points = before.map((point, index) => (index === place ? clamped(at, picture) : point));
    // An outline that crosses itself has no area: its corner stays where it was before it did.
    if (isWhole(one.kind, points)) this.held = { id, points };
  }

  /** Say where the held point was let go. */
  letGo(): void {
    const { held } = this;
    this.held = null;
    const one = this.mine.find(({ id }) => id === held?.id);
    if (one && held) this.#say({ ...one, points: held.points });
  }

  rename(one: Measurement, label: string): void {
    if (label !== one.label) this.#say({ ...one, label });
  }

  /** Reckon it by today's calibration. */
  renew(one: Measurement): void {
    this.#say(one);
  }

  remove(one: Measurement): void {
    if (this.chosen === one.id) this.chosen = null;
    this.#annotation.remove(measurementField(one.id));
  }

  /** The size of what is being drawn, by the calibration where there is one. */
  sizeOf(kind: Kind, points: readonly Point[]): { size: Size; isCalibrated: boolean } {
    const { kept } = this.calibration;
    const scale = kept && ([Number(kept['um_per_px_x']), Number(kept['um_per_px_y'])] as const);
    return { size: scale ? sizeOf(kind, points, scale) : sizeOf(kind, points), isCalibrated: !!scale };
  }

  /** The drawing, begun anew where somebody went on to another frame meanwhile: a dish shifts from frame to frame. */
  #current(): Drawing | null {
    const { drawing } = this;
    const { shown } = this.#annotation.page.dish;
    if (!drawing || drawing.frame === shown) return drawing;
    return { ...drawing, frame: shown, points: [] };
  }

  #isClosing(points: readonly Point[], at: Point): boolean {
    const [first] = points;
    return first !== undefined && apart(first, at) * this.#annotation.page.dish.view.scale <= CLOSE_PX;
  }

  #finish(points: Point[]): void {
    const { drawing } = this;
    if (!drawing || !isWhole(drawing.kind, points)) return;
    const id = freshId();
    const plane = this.#annotation.page.dish.player?.plane ?? 0;
    this.leave();
    this.#say({ id, kind: drawing.kind, frame: this.#annotation.page.dish.shown, plane, points, label: '' });
    this.chosen = id;
  }

  #moved(one: Measurement, points: Point[]): Measurement {
    const { size, isCalibrated } = this.sizeOf(one.kind, points);
    const [um, um2] = isCalibrated ? [size.length, size.area] : [null, null];
    return { ...one, points, um, um2 };
  }

  #say(one: Omit<Measurement, 'um' | 'um2' | 'calibration'>): void {
    const calibration: KeptCalibration | null = this.calibration.kept;
    this.#annotation.say([{ field: measurementField(one.id), value: valueOf({ ...one, calibration }) }]);
  }
}
