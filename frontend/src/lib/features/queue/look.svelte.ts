import type { App } from '$lib/app.svelte';
import { cutOf } from '$lib/features/compare/drawing';
import { Painter, type Picture } from '$lib/features/compare/painter';
import { Recording } from '$lib/features/compare/recording.svelte';
import { Player } from '$lib/features/dish/player.svelte';
import type { Course } from '$lib/features/phases/course';
import type { QueueItem } from './types';

const ROOM_BYTES = 256 * 1024 ** 2;
/** Dishes kept open: the one before, the one shown, and the one to come. */
const KEPT = 3;
const MOST_PX = 1536;

interface Opened {
  recording: Recording;
  /** Done once it is known what there is to see. */
  opening: Promise<void>;
}

/** The picture of the item in hand, and that of the next one fetched beforehand. */
export class Look {
  readonly painter = new Painter();
  recording = $state.raw<Recording | null>(null);
  player = $state.raw<Player | null>(null);
  side = $state(0);
  pixelRatio = $state(globalThis.devicePixelRatio);
  #item = $state.raw<QueueItem | null>(null);
  readonly #app: App;
  /** In the order in which they were asked for last. */
  readonly #open = new Map<string, Opened>();

  readonly course: Course | null = $derived.by(() =>
    this.#item && !this.#item.is_hidden ? (this.recording?.courses.get(this.#item.place) ?? null) : null,
  );
  readonly width: number = $derived.by(() => {
    const { recording, side } = this;
    if (!recording || !this.#item || side === 0) return 0;
    return recording.widthOf(this.#item.place, side * this.pixelRatio, MOST_PX);
  });
  readonly frame: number = $derived.by(() => this.player?.index ?? 0);
  /** Whether some picture of the frame is at hand. */
  readonly isPending: boolean = $derived.by(() => {
    const { recording, frame } = this;
    void recording?.frames?.version;
    return !recording?.frames?.best(recording.key(frame, 0));
  });

  constructor(app: App) {
    this.#app = app;
  }

  /** Show an item at the frame where its doubt can be seen. */
  async show(item: QueueItem | null): Promise<void> {
    if (item && this.#item?.stack === item.stack && this.#item.place === item.place) return;
    this.player?.pause();
    this.#item = item;
    this.player = null;
    this.recording = null;
    if (!item) return;
    const recording = await this.#recording(item.dish);
    if (this.#item !== item) return;
    this.recording = recording;
    const { stack } = recording;
    if (!stack) return;
    const player = new Player(stack.frame_count, 1, (index) => this.#has(index));
    player.go(item.thumbnail_frame);
    this.player = player;
  }

  /** Open the dish of the item to come, and fetch its first picture. */
  async prepare(item: QueueItem | null): Promise<void> {
    if (!item || item.dish === this.#item?.dish) return;
    const recording = await this.#recording(item.dish);
    if (this.recording === recording || this.side === 0) return;
    const width = recording.widthOf(item.place, this.side * this.pixelRatio, MOST_PX);
    recording.frames?.want(recording.key(item.thumbnail_frame, width));
  }

  /** Ask for the picture of the frame that is shown and those around it. */
  want(): void {
    const { recording, player } = this;
    if (recording && player && this.side > 0) {
      recording.frames?.want(recording.key(player.index, this.width), player.direction);
    }
  }

  seek(frame: number): void {
    this.player?.step(frame - this.player.index);
  }

  readonly picture = (): Picture | null => {
    const { recording, frame } = this;
    const { stack, frames } = recording ?? {};
    if (!recording || !stack || !frames || !this.#item) return null;
    const key = recording.key(frame, this.width);
    const bitmap = frames.get(key) ?? frames.best(key);
    const well = recording.wellAt(this.#item.place, frame);
    if (!bitmap || !well) return null;
    return { bitmap, cut: cutOf(well, { width: stack.width_px, height: stack.height_px }, bitmap) };
  };

  close(): void {
    this.player?.pause();
    this.painter.stop();
    for (const { recording } of this.#open.values()) recording.close();
    this.#open.clear();
  }

  #has(index: number): boolean {
    const { recording } = this;
    return recording?.frames?.has(recording.key(index, this.width)) ?? false;
  }

  async #recording(dish: string): Promise<Recording> {
    // What is derived within an effect ends with its next run, so recordings are made outside of it.
    await Promise.resolve();
    const opened = this.#open.get(dish) ?? this.#begin(dish);
    this.#open.delete(dish);
    this.#open.set(dish, opened);
    for (const [other, { recording }] of this.#open) {
      if (this.#open.size <= KEPT) break;
      if (other === this.#item?.dish) continue;
      this.#open.delete(other);
      recording.close();
    }
    await opened.opening;
    // What failed is asked for anew when somebody comes back to it.
    if (opened.recording.refusal) this.#open.delete(dish);
    return opened.recording;
  }

  #begin(dish: string): Opened {
    const { api, live } = this.#app;
    const recording = new Recording(dish, { api, live });
    return { recording, opening: recording.open(ROOM_BYTES) };
  }
}
