import type { ContentName } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import type { Value } from '$lib/keeping/fields';
import type { Box } from '$lib/features/dish/geometry';
import type { Mark } from '$lib/features/dish/marks';
import type { DishPage } from '$lib/features/dish/page.svelte';
import { isWithin, saidFrom, wellField, withoutRange, withRange, type Range } from './fields';
import { boxOf, nudged } from './lay';
import { freePlaces, guessed } from './places';

/** Nudges that follow each other this fast are sent as one. */
const PAUSE_MS = 600;

export type Scope = 'from_here' | 'throughout';

/** Correcting the wells of an open dish; what it says goes to the page's corrections. */
export class Editing {
  isOn = $state(false);
  /** For which frames a content is said. */
  scope = $state<Scope>('from_here');
  readonly #page: DishPage;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly chosen: Mark | null = $derived.by(
    () => this.#page.marks.marks.find(({ name }) => name === this.#page.chosen) ?? null,
  );
  readonly layout: string = $derived.by(() => this.#page.corrections.corrected.layout || this.#found);
  readonly free: string[] = $derived.by(() =>
    freePlaces(this.layout, new Set(this.#page.rows.map(({ name }) => name))),
  );
  readonly removed: string[] = $derived.by(() =>
    [...this.#page.corrections.corrected.wells]
      .filter(([, { isRemoved }]) => isRemoved)
      .map(([name]) => name)
      .sort(),
  );
  /** Wells can be drawn only where it is known how the dish lies. */
  readonly canDraw: boolean = $derived.by(
    () => this.#page.marks.standing === 'known' || !this.#page.state?.run,
  );

  constructor(page: DishPage) {
    this.#page = page;
  }

  get #found(): string {
    const { state } = this.#page;
    return state?.run?.layout || state?.dish.layout || '';
  }

  enter(): void {
    if (!this.#page.mayEdit) return;
    this.#page.player?.pause();
    this.isOn = true;
  }

  leave(): void {
    this.letGo();
    this.isOn = false;
  }

  /** The chosen well holds this, from the shown frame on or throughout; null: what the machine says. */
  setContent(content: ContentName | null): void {
    const { chosen, corrections, shown } = this.#page;
    if (chosen === null) return;
    const said = corrections.corrected.wells.get(chosen)?.content ?? [];
    const next = this.scope === 'throughout' ? saidFrom([], 0, content ?? 'empty') : null;
    const value = content === null ? null : (next ?? saidFrom(said, shown, content));
    this.#say([{ field: wellField(chosen, 'content'), value: value as Value }]);
  }

  /** Show the chosen well's box here; it is sent once it is let go. */
  hold(box: Box): void {
    const { chosen, corrections, shown } = this.#page;
    if (chosen === null) return;
    const field = wellField(chosen, 'box');
    if (corrections.draft && corrections.draft.field !== field) this.letGo();
    corrections.draft = { field, value: { frame_index: shown, box } };
  }

  /** Send the box that was held. */
  letGo(): void {
    clearTimeout(this.#timer);
    const { corrections } = this.#page;
    const { draft } = corrections;
    if (!draft) return;
    // Said before it is no longer held, so that the mark never jumps back in between.
    corrections.say([draft]);
    corrections.draft = null;
  }

  nudge(by: Parameters<typeof nudged>[1]): void {
    const { chosen } = this;
    if (!chosen) return;
    this.hold(nudged(boxOf(chosen), by, this.#page.view.picture));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.letGo(), PAUSE_MS);
  }

  /** A well that the machine missed: where its row and column cross, else in the middle of what is seen. */
  add(place: string): void {
    const { view, marks, shown } = this.#page;
    const middle = view.toPicture(view.stage.width / 2, view.stage.height / 2);
    const radius = Math.min(view.picture.width, view.picture.height) / 10;
    const lying = guessed(place, marks.marks, { ...middle, r: radius });
    const box = nudged(boxOf(lying), {}, view.picture);
    this.#say([
      { field: wellField(place, 'is_removed'), value: null },
      { field: wellField(place, 'is_added'), value: true },
      { field: wellField(place, 'box'), value: { frame_index: shown, box } },
      { field: wellField(place, 'content'), value: [{ from_frame: 0, content: 'empty' }] },
    ]);
    this.#page.choose(place);
  }

  /** There is no such well; what was said of one that a person had added is taken back with it. */
  remove(): void {
    const { chosen, corrections, state } = this.#page;
    if (chosen === null) return;
    this.letGo();
    const isAdded = corrections.corrected.wells.get(chosen)?.isAdded ?? false;
    const taken = isAdded ? (['is_added', 'box', 'content'] as const) : [];
    const found = [...(state?.wells ?? []), ...(state?.key_frames.flatMap((key) => key.wells) ?? [])];
    // Under an added well may lie one of the machine's, which would come back.
    const isFound = found.some(({ name }) => name === chosen);
    this.#say([
      ...taken.map((what) => ({ field: wellField(chosen, what), value: null })),
      ...(isFound ? [{ field: wellField(chosen, 'is_removed'), value: true }] : []),
    ]);
    this.#page.choose(null);
  }

  restore(place: string): void {
    this.#say([{ field: wellField(place, 'is_removed'), value: null }]);
    this.#page.choose(place);
  }

  /** The chosen well lies where the machine found it. */
  forgetBox(): void {
    const { chosen } = this.#page;
    if (chosen !== null) this.#say([{ field: wellField(chosen, 'box'), value: null }]);
  }

  setLayout(layout: string): void {
    this.#say([{ field: 'layout', value: layout && layout !== this.#found ? layout : null }]);
  }

  mark(range: Range): void {
    this.#sayUnusable(withRange(this.#page.corrections.corrected.unusable, range));
  }

  unmark(range: Range): void {
    this.#sayUnusable(withoutRange(this.#page.corrections.corrected.unusable, range));
  }

  /** The shown frame is of no use, or is of use after all. */
  toggleFrame(): void {
    const { corrections, shown } = this.#page;
    if (isWithin(corrections.corrected.unusable, shown)) this.unmark([shown, shown]);
    else this.mark([shown, shown]);
  }

  #sayUnusable(ranges: Range[]): void {
    this.#say([{ field: 'unusable', value: ranges.length > 0 ? ranges : null }]);
  }

  #say(changes: Change[]): void {
    this.letGo();
    this.#page.corrections.say(changes);
  }
}
