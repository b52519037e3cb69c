import { body, type Api } from '$lib/api/client';
import { frameUrl, widthFor } from '$lib/api/frames';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Delivered, DishSnapshot, Hours, KeyFrame, Stack } from '$lib/api/types';
import { Clock } from '$lib/features/dish/clock';
import { CourseBook } from '$lib/features/dish/courses';
import { FrameCache, type FrameKey } from '$lib/features/dish/frames.svelte';
import { AT_REST, place as placed, type Ellipse } from '$lib/features/dish/geometry';
import { latestAt } from '$lib/features/dish/marks';
import { PlacementRows } from '$lib/features/dish/placements.svelte';
import { Axis } from '$lib/features/embryo/axis';
import { ROOM } from '$lib/features/embryo/filmstrip';
import type { Course } from '$lib/features/phases/course';
import type { LiveClient } from '$lib/live/client.svelte';
import { fromSnapshot, reduce, type DishState } from '$lib/live/dish';
import { Timetable } from './timetable';

interface Options {
  api: Api;
  live: LiveClient;
  /** Hears all that happens to the dish after it was opened. */
  onnews?: (delivered: Delivered) => void;
}

/** The pictures of one dish and what the machine says of its embryos, for pages that look at single wells. */
export class Recording {
  state = $state.raw<DishState | null>(null);
  hours = $state.raw<Hours | null>(null);
  frames = $state.raw<FrameCache | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly placements: PlacementRows;
  readonly #options: Options;
  readonly #book = new CourseBook();
  #unfollow: (() => void) | null = null;
  #isClosed = false;

  readonly stack: Stack | null = $derived(this.state?.dish.stack ?? null);
  readonly clock: Clock = $derived(new Clock(this.hours, this.stack?.frame_count ?? 0));
  readonly axis: Axis = $derived(new Axis(this.clock, this.clock.frames));
  readonly timetable: Timetable = $derived(new Timetable(this.clock));
  readonly courses: ReadonlyMap<string, Course> = $derived.by(() =>
    this.#book.read(this.state?.profiles ?? [], this.state?.calls ?? {}, this.clock.frames),
  );

  /** The key frames that know each well; asked for every picture that is drawn. */
  readonly #keysOf: ReadonlyMap<string, KeyFrame[]> = $derived.by(() => {
    const known = new Map<string, KeyFrame[]>();
    for (const key of this.state?.key_frames ?? []) {
      for (const { name } of key.wells) known.set(name, [...(known.get(name) ?? []), key]);
    }
    return known;
  });

  constructor(
    readonly dish: string,
    options: Options,
  ) {
    this.#options = options;
    this.placements = new PlacementRows(options.api);
  }

  /** Load what is known of the dish, and follow what happens to it; of its pictures at most `maxBytes` are held. */
  async open(maxBytes: number): Promise<void> {
    const { api } = this.#options;
    this.refusal = null;
    try {
      const params = { path: { dish_id: this.dish } };
      const snapshot = await body(api.GET('/api/dishes/{dish_id}/', { params }));
      const { stack } = snapshot.dish;
      const hours = stack
        ? await body(api.GET('/api/stacks/{stack_id}/hours/', { params: { path: { stack_id: stack.id } } }))
        : null;
      if (this.#isClosed) return;
      this.hours = hours;
      // The client's types widen a box of four numbers to a list.
      this.state = fromSnapshot(snapshot as DishSnapshot, null);
      this.placements.want(snapshot.run?.id ?? null, this.state.frames_followed);
      if (stack && !this.frames) this.frames = framesOf(stack, maxBytes);
      this.#follow(snapshot.live_seq, maxBytes);
    } catch (error) {
      if (!this.#isClosed) this.refusal = asRefusal(error);
    }
  }

  /** Where a well lies in a frame; where that cannot be told, as it lay when it was last seen. */
  wellAt(place: string, frame: number): Ellipse | null {
    const { state } = this;
    if (!state) return null;
    const keys = this.#keysOf.get(place);
    const key = keys && (latestAt(keys, frame) ?? keys[0]);
    const well = (key ?? state).wells.find(({ name }) => name === place);
    if (!well) return null;
    for (let known = frame; known >= (key?.frame_index ?? 0); known -= 1) {
      const placement = this.placements.at(known);
      if (placement?.isUsable) return placed(well.box, placement);
    }
    return placed(well.box, AT_REST);
  }

  /** The smallest width of the whole frame that shows this well sharply on `devicePx` pixels. */
  widthOf(place: string, devicePx: number, most: number): number {
    const { stack } = this;
    const well = this.wellAt(place, 0);
    if (!stack || !well) return 0;
    const wanted = widthFor(
      (devicePx * stack.width_px) / (2 * ROOM * Math.max(well.rx, well.ry, 1)),
      stack.width_px,
    );
    return wanted === 0 || wanted > most ? (stack.width_px <= most ? 0 : most) : wanted;
  }

  key(index: number, width: number): FrameKey {
    return { index, plane: this.stack?.default_plane ?? 0, width };
  }

  close(): void {
    this.#isClosed = true;
    this.#unfollow?.();
    this.frames?.close();
  }

  #follow(after: number, maxBytes: number): void {
    this.#unfollow?.();
    this.#unfollow = this.#options.live.follow(`dish.${this.dish}`, after, {
      event: (delivered) => {
        if (!this.state) return;
        const before = this.state;
        this.state = reduce(before, delivered);
        if (this.state.run?.id !== before.run?.id || this.state.frames_followed !== before.frames_followed) {
          this.placements.want(this.state.run?.id ?? null, this.state.frames_followed);
        }
        this.#options.onnews?.(delivered);
      },
      gone: () => void this.open(maxBytes),
      denied: () => void this.open(maxBytes),
    });
  }
}

function framesOf(stack: Stack, maxBytes: number): FrameCache {
  return new FrameCache({
    frames: stack.frame_count,
    planes: stack.planes.length,
    width: stack.width_px,
    height: stack.height_px,
    urlOf: ({ index, plane, width }) => frameUrl(stack, index, plane, width),
    maxBytes,
  });
}
