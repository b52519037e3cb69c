import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { CallValue, OnsetValue, ProfileValue, RunValue, StageName } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Ellipse } from '$lib/features/dish/geometry';
import { AT_REST, place as placed } from '$lib/features/dish/geometry';
import { latestAt } from '$lib/features/dish/marks';
import { DishPage } from '$lib/features/dish/page.svelte';
import { isUnderWay } from '$lib/features/runs/queue.svelte';
import type { Axis } from './axis';
import { callAt, withNews } from './course';
import { Following } from './following';
import type { CalledFrames, Stager } from './profile';

/** Calls are asked for again at most this often while a run goes on. */
const PAUSE_MS = 1500;

/** Why there is no profile to show. */
export type Missing = 'not_analysed' | 'wells_only' | 'no_embryo' | 'not_yet' | 'none' | 'hidden';

/** One well of an open dish: its embryo's profile, kept live, and the picture that follows the well. */
export class EmbryoPage {
  readonly dish: DishPage;
  readonly place: string;
  readonly following: Following;
  refusal = $state.raw<Refusal | null>(null);
  stager = $state.raw<Stager | null>(null);
  /** The event whose clip was asked for. */
  playing = $state<string | null>(null);

  #fetched = $state.raw<CalledFrames | null>(null);
  readonly #app: App;
  readonly #id: string;
  #isAsking = false;
  #isStale = false;
  #runOfCalls: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  readonly profile: ProfileValue | null = $derived.by(() => this.profileOf(this.place));
  /** Every called frame, as far as it is known by now. */
  readonly calls: CalledFrames | null = $derived.by(() => withNews(this.#fetched, this.#news()));
  readonly axis: Axis = $derived.by(() => this.dish.axis);
  /** Wells of the dish by name, and among them those whose embryos can be stepped through. */
  readonly places: string[] = $derived.by(() => this.#places());
  readonly siblings: string[] = $derived.by(() => this.#siblings());
  readonly onsets: OnsetValue[] = $derived.by(() =>
    [...(this.profile?.onsets ?? [])].sort((a, b) => a.frame_index - b.frame_index),
  );
  /** The last frame that anything is said about; what is called later belongs to frames not read yet. */
  readonly lastCalled: number = $derived.by(() =>
    this.profile?.is_final ? Infinity : (this.calls?.frame_index.at(-1) ?? -1),
  );
  /** The dish has no such well, as far as a run that is over can tell. */
  readonly isUnknown: boolean = $derived.by(() => {
    const { state } = this.dish;
    return state !== null && !this.places.includes(this.place) && !(state.run && isUnderWay(state.run));
  });
  readonly missing: Missing | null = $derived.by(() => (this.calls || this.profile ? null : this.#why()));

  constructor(app: App, id: string, place: string) {
    this.#app = app;
    this.#id = id;
    this.place = place;
    this.dish = new DishPage(app, id);
    this.following = new Following(this.dish.view);
  }

  async load(): Promise<void> {
    await this.dish.load(this.#app.router.query.get('run'));
    const plane = this.#app.router.query.get('plane');
    if (plane !== null && this.dish.player) {
      this.dish.player.plane = 0;
      this.dish.player.stepPlane(Math.max(0, Math.floor(Number(plane)) || 0));
    }
  }

  /** Ask for the calls of every frame; news while they are on their way is asked for afterwards. */
  async refresh(): Promise<void> {
    const run = this.dish.state?.run;
    if (!run || !this.profile) {
      this.#fetched = null;
      return;
    }
    if (this.#runOfCalls !== run.id) this.#fetched = null;
    this.#isStale = true;
    if (this.#isAsking || this.#timer !== undefined) return;
    this.#isAsking = true;
    this.#isStale = false;
    await this.#fetch(run.id);
    this.#isAsking = false;
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isStale) void this.refresh();
    }, PAUSE_MS);
  }

  /** Where the well lies in a frame; where that frame was not analysed, as it lay when last seen. */
  wellAt(frame: number): Ellipse | null {
    const { state } = this.dish;
    if (!state) return null;
    const { marks } = this.dish.marksAt(frame);
    const mark = marks.find(({ name }) => name === this.place);
    if (mark) return mark;
    const keys = state.key_frames.filter((key) => key.wells.some(({ name }) => name === this.place));
    const key = latestAt(keys, frame) ?? keys[0];
    const well = (key ?? state).wells.find(({ name }) => name === this.place);
    return well ? placed(well.box, AT_REST) : null;
  }

  /** The frame the view should lie on: the wanted one as soon as some picture of it is there. */
  frameInView(): number {
    const { frames, player, shown } = this.dish;
    void frames?.version;
    return player && frames?.best(this.dish.key()) ? player.index : shown;
  }

  /** Place among the calls of what is said about a frame; -1 where nothing is. */
  callAt(frame: number): number {
    return this.calls && frame <= this.lastCalled ? callAt(this.calls.frame_index, frame) : -1;
  }

  stageAt(frame: number): StageName | null {
    return this.calls?.stage[this.callAt(frame)] ?? null;
  }

  seek(frame: number): void {
    const { player } = this.dish;
    player?.step(frame - player.index, performance.now());
  }

  /** The next or previous embryo, at the same frame and plane. */
  step(by: 1 | -1): void {
    const here = this.siblings.indexOf(this.place);
    const count = this.siblings.length;
    const next = this.siblings[here < 0 ? 0 : (here + by + count) % count];
    if (next && next !== this.place) this.#app.router.go(this.addressOf(next), { replace: true });
  }

  /** The page of another well: at the moment that is shown here, or at its first frame. */
  addressOf(place: string, isFromStart = false): string {
    return `/dishes/${this.#id}/wells/${encodeURIComponent(place)}${this.#where(isFromStart)}`;
  }

  get dishAddress(): string {
    return `/dishes/${this.#id}${this.#where()}`;
  }

  profileOf(place: string): ProfileValue | null {
    return this.dish.state?.profiles.find(({ name }) => name === place) ?? null;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.dish.close();
  }

  async #fetch(run: string): Promise<void> {
    try {
      const params = { path: { run_id: run, place: this.place } };
      const answer = await body(this.#app.api.GET('/api/runs/{run_id}/profiles/{place}/', { params }));
      if (this.#isClosed || run !== this.dish.state?.run?.id) return;
      this.#fetched = answer.frames;
      this.stager = answer.stager;
      this.#runOfCalls = run;
      this.refusal = null;
    } catch (error) {
      if (!this.#isClosed) this.refusal = asRefusal(error);
    }
  }

  /** What the address has to say so that another page shows the same moment. */
  #where(isFromStart = false): string {
    const { player, stack, state } = this.dish;
    const query = new URLSearchParams();
    if (state?.pinned_run) query.set('run', state.pinned_run);
    if (player && player.index > 0 && !isFromStart) query.set('frame', String(player.index));
    if (player && player.plane !== stack?.default_plane) query.set('plane', String(player.plane));
    return query.size > 0 ? `?${query.toString()}` : '';
  }

  #places(): string[] {
    const { state } = this.dish;
    if (!state) return [];
    const wells = [...state.key_frames.flatMap((key) => key.wells), ...state.wells];
    const named = new Map(wells.map((well) => [well.name, well]));
    return [...named.values()].sort((a, b) => a.row - b.row || a.column - b.column).map(({ name }) => name);
  }

  #siblings(): string[] {
    const embryos = this.places.filter((name) => this.profileOf(name) || this.#holdsEmbryo(name));
    return embryos.length > 0 ? embryos : this.places;
  }

  #holdsEmbryo(place: string): boolean {
    const content = this.dish.state?.wells.find(({ name }) => name === place)?.content;
    return content === 'embryo' || content === 'embryo_gas';
  }

  #news(): readonly CallValue[] {
    return this.dish.state?.calls[this.place] ?? [];
  }

  #why(): Missing {
    const run: RunValue | null = this.dish.state?.run ?? null;
    if (!run) return 'not_analysed';
    if (this.dish.state?.hidden_places.includes(this.place)) return 'hidden';
    if (run.stager_name === '') return 'wells_only';
    if (isUnderWay(run)) return 'not_yet';
    return this.#holdsEmbryo(this.place) ? 'none' : 'no_embryo';
  }
}
