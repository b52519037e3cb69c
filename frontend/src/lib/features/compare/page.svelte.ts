import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Delivered } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { ClockKind } from '$lib/features/dish/clock';
import { asked, compareAddress, itemsOf, LEAST, MOST, nameOf, type Item } from './address';
import { DecisionBook } from './decisions.svelte';
import { Embryo } from './embryo.svelte';
import { Painter } from './painter';
import { inOrder, usualDirection, type Direction, type Order } from './ranking';
import { Recording } from './recording.svelte';
import { Sync } from './sync.svelte';
import type { Compared } from './types';

/** Decoded pictures of all recordings together; a computer of a lab has this to spare. */
const BUDGET = 640 * 1024 ** 2;
/** Pictures of few recordings may be large, those of many have to share. */
const FEW = 2;
const NEWS_MS = 400;

/** Embryos side by side at the same hour of their development. */
export class ComparePage {
  readonly app: App;
  readonly decisions: DecisionBook;
  readonly sync: Sync = new Sync((hour) => this.#isReady(hour));
  readonly painter = new Painter();
  recordings = $state.raw<ReadonlyMap<string, Recording>>(new Map());
  refusal = $state.raw<Refusal | null>(null);
  chosen = $state<string | null>(null);
  /** The side of each picture on the page. */
  side = $state(0);
  columns = $state(1);
  pixelRatio = $state(globalThis.devicePixelRatio);
  #told = $state.raw<ReadonlyMap<string, Compared>>(new Map());
  #asks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  readonly items: Item[] = $derived.by(() => itemsOf(this.app.router.query.get('items')));
  readonly question: string = $derived(asked(this.items));
  readonly order: Order = $derived.by(() => (this.app.router.query.get('order') as Order | null) ?? 'given');
  readonly direction: Direction = $derived.by(() =>
    this.app.router.query.has('reversed') ? opposite(usualDirection(this.order)) : usualDirection(this.order),
  );
  readonly embryos: Embryo[] = $derived.by(() => this.items.map((item) => this.#embryo(item)));
  readonly sorted: Embryo[] = $derived(inOrder(this.embryos, this.order, this.direction));
  /** What all recordings are laid side by side by; those that have no such hours are not moved. */
  readonly kind: ClockKind = $derived.by(() => {
    const kinds = new Set(
      [...this.recordings.values()].filter(({ stack }) => stack).map(({ clock }) => clock.kind),
    );
    return kinds.has('hpi') ? 'hpi' : kinds.has('since_start') ? 'since_start' : 'frames';
  });
  readonly here: Embryo | null = $derived(
    this.sorted.find(({ name }) => name === this.chosen) ?? this.sorted[0] ?? null,
  );
  /** Scores by their rule set, as any of the embryos has them. */
  readonly rules: ReadonlyMap<string, string> = $derived(
    new Map(
      this.embryos.flatMap(({ told }) => (told?.scores ?? []).map((score) => [score.rule_set, score.name])),
    ),
  );

  constructor(app: App) {
    this.app = app;
    this.decisions = new DecisionBook(app.api);
    this.chosen = app.router.query.get('at');
  }

  /** Open what the address asks for and close what it no longer does. */
  async load(): Promise<void> {
    // What is derived within an effect ends with its next run, so recordings are made outside of it.
    await Promise.resolve();
    if (this.#isClosed) return;
    const dishes = new Set(this.items.map(({ dish }) => dish));
    const before = this.recordings;
    const fresh = [...dishes].filter((dish) => !before.has(dish)).map((dish) => this.#recording(dish));
    for (const [dish, recording] of before) if (!dishes.has(dish)) recording.close();
    const kept = [...before].filter(([dish]) => dishes.has(dish));
    this.recordings = new Map([...kept, ...fresh.map((one) => [one.dish, one] as const)]);
    const room = BUDGET / Math.max(FEW, dishes.size);
    await Promise.all([this.ask(), ...fresh.map((recording) => recording.open(room))]);
    this.#reach();
  }

  /** Ask what people and machine say of the embryos, all in one. */
  async ask(): Promise<void> {
    this.refusal = null;
    const ask = ++this.#asks;
    if (this.items.length < LEAST) return;
    try {
      const params = { query: { items: this.question } };
      const compared = (await body(this.app.api.GET('/api/compare/', { params }))) as Compared[];
      if (this.#isClosed || ask !== this.#asks) return;
      this.#told = new Map(compared.map((one) => [nameOf(one), one]));
      this.decisions.put(compared.map(({ decision }) => decision));
    } catch (error) {
      if (!this.#isClosed && ask === this.#asks) this.refusal = asRefusal(error);
    }
  }

  mayDecide(embryo: Embryo): boolean {
    return this.app.may('embryologist', embryo.recording?.state?.dish.lab);
  }

  choose(name: string): void {
    this.chosen = name;
  }

  set(items: readonly Item[]): void {
    const address = new URL(compareAddress(items.slice(0, MOST)), location.origin);
    this.app.router.setQuery({ items: address.searchParams.get('items') }, { push: true });
  }

  remove(item: Item): void {
    this.set(this.items.filter((other) => nameOf(other) !== nameOf(item)));
  }

  /** Put the embryos in another order; the same once more turns it round. */
  sortBy(order: Order): void {
    const isAgain = order === this.order && order !== 'given';
    const isReversed = isAgain && !this.app.router.query.has('reversed');
    this.app.router.setQuery({ order: order === 'given' ? null : order, reversed: isReversed ? 1 : null });
  }

  /** The next or previous picture of the embryo that is chosen; the others follow by the hour. */
  step(by: number): void {
    const next = this.here?.recording?.timetable.after(this.sync.hour, by);
    if (next !== null && next !== undefined) this.sync.seek(next);
  }

  /** Ask every recording for the pictures of the hour that is shown. */
  want(): void {
    for (const recording of this.recordings.values()) {
      const key = this.#key(recording, this.sync.hour);
      if (key) recording.frames?.want(key, this.sync.direction);
    }
  }

  /** How wide the whole frames of a recording have to be for its embryos here. */
  widthOf(recording: Recording): number {
    const most = this.recordings.size <= FEW ? 1536 : 768;
    const places = this.items.filter(({ dish }) => dish === recording.dish).map(({ place }) => place);
    const widths = places.map((place) => recording.widthOf(place, this.side * this.pixelRatio, most));
    return widths.includes(0) ? 0 : Math.max(0, ...widths);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.sync.pause();
    this.painter.stop();
    for (const recording of this.recordings.values()) recording.close();
  }

  #embryo(item: Item): Embryo {
    const name = nameOf(item);
    const decision = this.decisions.of(item);
    return new Embryo(
      this,
      item,
      this.recordings.get(item.dish) ?? null,
      this.#told.get(name) ?? null,
      decision,
    );
  }

  #recording(dish: string): Recording {
    const { api, live } = this.app;
    return new Recording(dish, { api, live, onnews: (delivered) => this.#hear(delivered) });
  }

  #hear(delivered: Delivered): void {
    const { event } = delivered;
    this.decisions.follow(delivered);
    if (event.type === 'reading.changed' || event.type === 'run.ended') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.ask(), NEWS_MS);
    }
  }

  /** The hours that any of the recordings has pictures of. */
  #reach(): void {
    const tables = [...this.recordings.values()]
      .filter((recording) => recording.stack && recording.clock.kind === this.kind)
      .map(({ timetable }) => timetable);
    const firsts = tables.flatMap(({ first }) => (first === null ? [] : [first]));
    const lasts = tables.flatMap(({ last }) => (last === null ? [] : [last]));
    if (firsts.length === 0) return;
    this.sync.reach(Math.min(...firsts), Math.max(...lasts));
  }

  #key(recording: Recording, hour: number) {
    if (!recording.frames || this.side === 0) return null;
    const frame = recording.clock.kind === this.kind ? recording.timetable.at(hour).frame : 0;
    return recording.key(frame, this.widthOf(recording));
  }

  #isReady(hour: number): boolean {
    return [...this.recordings.values()].every((recording) => {
      const key = this.#key(recording, hour);
      return !key || recording.frames?.has(key);
    });
  }
}

const opposite = (direction: Direction): Direction =>
  direction === 'ascending' ? 'descending' : 'ascending';
