import { frameUrl, widthFor } from '$lib/api/frames';
import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Alert, DishSnapshot, Hours, Stack } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { DecisionBook } from '$lib/features/compare/decisions.svelte';
import type { Decision } from '$lib/features/compare/types';
import { Corrections } from '$lib/features/correction/corrections.svelte';
import { Editing } from '$lib/features/correction/editing.svelte';
import { correctedMarks, correctedRows } from '$lib/features/correction/overlay';
import { openCorrections } from '$lib/features/correction/outbox';
import { Axis } from '$lib/features/embryo/axis';
import type { Course } from '$lib/features/phases/course';
import { fromSnapshot, reduce, type DishState } from '$lib/live/dish';
import { Clock } from './clock';
import { CourseBook } from './courses';
import { FrameCache, type FrameKey } from './frames.svelte';
import { Ghost } from './ghost.svelte';
import { Hold } from './hold';
import { marksAt, type FrameMarks } from './marks';
import { PlacementRows } from './placements.svelte';
import { Player } from './player.svelte';
import { wellRows, type WellRow } from './rows';
import { RunRequests } from './run_requests';
import { View } from './view.svelte';

/** One open dish: what is known of it, kept live, and where in its recording one looks. */
export class DishPage {
  state = $state.raw<DishState | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  hours = $state.raw<Hours | null>(null);
  player = $state.raw<Player | null>(null);
  frames = $state.raw<FrameCache | null>(null);
  readonly view = new View();
  readonly placements: PlacementRows;
  readonly decisions: DecisionBook;
  readonly corrections: Corrections;
  readonly editing: Editing;
  readonly runs = new RunRequests(this);
  readonly hold = new Hold();
  readonly ghost = new Ghost(() => this.player?.index ?? 0);
  readonly openedAt = performance.now();
  /** The frame that is on the stage; it follows the player as soon as its picture is there. */
  shown = $state(0);
  chosen = $state<string | null>(null);
  hovered = $state<string | null>(null);
  /** The alert that was gone to last. */
  lastAlert = $state.raw<Alert | null>(null);
  areMarksHidden = $state(false);
  isInverted = $state(false);
  brightness = $state(1);
  pixelRatio = $state(globalThis.devicePixelRatio);

  readonly app: App;
  readonly #id: string;
  readonly #book = new CourseBook();
  #unfollow: (() => void) | null = null;
  #isClosed = false;

  readonly stack: Stack | null = $derived(this.state?.dish.stack ?? null);
  readonly clock: Clock = $derived(new Clock(this.hours, this.stack?.frame_count ?? 0));
  readonly axis: Axis = $derived(new Axis(this.clock, this.clock.frames));
  /** The course of each embryo by its well's name. */
  readonly courses: ReadonlyMap<string, Course> = $derived.by(() =>
    this.#book.read(this.state?.profiles ?? [], this.state?.calls ?? {}, this.clock.frames),
  );
  readonly width: number = $derived(
    this.stack ? widthFor(this.stack.width_px * this.view.scale * this.pixelRatio, this.stack.width_px) : 0,
  );
  readonly marks: FrameMarks = $derived.by(() => this.marksAt(this.shown));
  readonly rows: WellRow[] = $derived.by(() =>
    this.state ? correctedRows(wellRows(this.state, this.shown), this.shown, this.corrections.corrected) : [],
  );
  readonly mayEdit: boolean = $derived.by(() => this.app.may('embryologist', this.state?.dish.lab));

  constructor(app: App, id: string) {
    this.app = app;
    this.#id = id;
    this.placements = new PlacementRows(app.api);
    this.decisions = new DecisionBook(app.api);
    this.corrections = new Corrections(() => app.user?.name ?? '');
    this.editing = new Editing(this);
  }

  /** Load the snapshot of a run, or of the latest one, and follow what happens after it. */
  async load(runId: string | null = this.state?.pinned_run ?? null): Promise<void> {
    this.refusal = null;
    try {
      const params = { path: { dish_id: this.#id }, query: runId ? { run: runId } : {} };
      const snapshot = await body(this.app.api.GET('/api/dishes/{dish_id}/', { params }));
      if (this.#isClosed) return;
      // The client's types widen a box of four numbers to a list.
      this.state = fromSnapshot(snapshot as DishSnapshot, runId);
      this.placements.want(snapshot.run?.id ?? null, this.state.frames_followed);
      if (snapshot.dish.stack && !this.player) await this.#openStack(snapshot.dish.stack);
      this.#follow(snapshot.live_seq);
    } catch (error) {
      if (!this.#isClosed) this.refusal = asRefusal(error);
    }
  }

  /** The wells of a frame as they stand: the machine's, with what people put right. */
  marksAt(frame: number): FrameMarks {
    const { state, placements } = this;
    if (!state) return { standing: 'not_analysed', isGasOutside: false, marks: [] };
    return correctedMarks(marksAt(state, placements.at(frame), frame), frame, this.corrections.corrected, {
      keys: state.key_frames,
      placementAt: (other) => placements.at(other),
    });
  }

  /** Somebody here said in which incubator the dish was filmed. */
  placed(incubator: string): void {
    if (this.state) this.state = { ...this.state, dish: { ...this.state.dish, incubator } };
  }

  decisionOf(place: string): Decision | null {
    return this.decisions.of({ dish: this.#id, place });
  }

  choose(name: string | null): void {
    this.chosen = name;
  }

  /** Show a frame at once, as a press on a time axis asks. */
  seek(frame: number): void {
    this.player?.step(frame - this.player.index);
  }

  /** The address of the page of one well's embryo, at the frame that is shown. */
  embryoAddress(name: string): string {
    const query = new URLSearchParams();
    if (this.state?.pinned_run) query.set('run', this.state.pinned_run);
    if (this.shown > 0) query.set('frame', String(this.shown));
    return `/dishes/${this.#id}/wells/${name}${query.size > 0 ? `?${query}` : ''}`;
  }

  /** The next or previous well by name, around the corner at the ends. */
  stepWell(by: 1 | -1): void {
    const names = this.rows.map(({ name }) => name);
    if (names.length === 0) return;
    const here = this.chosen === null ? (by > 0 ? -1 : 0) : names.indexOf(this.chosen);
    this.chosen = names[(here + by + names.length) % names.length] ?? null;
    if (this.chosen && this.view.zoom > 1) this.zoomTo(this.chosen);
  }

  zoomTo(name: string): void {
    const mark = this.marks.marks.find((candidate) => candidate.name === name);
    this.chosen = name;
    if (mark) this.view.showAround(mark.cx, mark.cy, Math.max(mark.rx, mark.ry));
  }

  nextAlert(): void {
    const alerts = this.state?.alerts ?? [];
    const place = alerts.findIndex((alert) => alert === this.lastAlert);
    const next = alerts[(place + 1) % Math.max(1, alerts.length)];
    if (next) this.show(next);
  }

  show(alert: Alert): void {
    this.lastAlert = alert;
    this.player?.step(alert.frame_index - this.player.index);
    if (alert.place) this.choose(alert.place);
  }

  /** The picture that is wanted on the stage. */
  key(index: number = this.player?.index ?? 0): FrameKey {
    return { index, plane: this.player?.plane ?? 0, width: this.width };
  }

  close(): void {
    this.#isClosed = true;
    this.#unfollow?.();
    this.player?.pause();
    this.frames?.close();
    this.editing.leave();
    this.corrections.close();
  }

  async #openStack(stack: Stack): Promise<void> {
    this.view.picture = { width: stack.width_px, height: stack.height_px };
    const frames = new FrameCache({
      frames: stack.frame_count,
      planes: stack.planes.length,
      width: stack.width_px,
      height: stack.height_px,
      urlOf: ({ index, plane, width }) => frameUrl(stack, index, plane, width),
    });
    const player = new Player(stack.frame_count, Math.max(1, stack.planes.length), (index) =>
      frames.has(this.key(index)),
    );
    player.plane = stack.default_plane;
    player.go(Number(this.app.router.query.get('frame') ?? 0) || 0);
    this.shown = player.index;
    this.frames = frames;
    this.player = player;
    void this.corrections.open(openCorrections(this.app, stack.id));
    const params = { path: { stack_id: stack.id } };
    this.hours = await body(this.app.api.GET('/api/stacks/{stack_id}/hours/', { params }));
  }

  #follow(after: number): void {
    this.#unfollow?.();
    this.#unfollow = this.app.live.follow(`dish.${this.#id}`, after, {
      event: (delivered) => {
        if (!this.state) return;
        const before = this.state;
        this.state = reduce(before, delivered);
        this.decisions.follow(delivered);
        this.corrections.hear(delivered);
        const isOtherRun = this.state.run?.id !== before.run?.id;
        if (isOtherRun || this.state.frames_followed !== before.frames_followed) {
          this.placements.want(this.state.run?.id ?? null, this.state.frames_followed);
        }
      },
      gone: () => void this.load(),
      denied: () => void this.load(),
    });
  }
}
