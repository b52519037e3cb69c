import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import { Stopwatch } from '$lib/features/annotation/stopwatch';
import { keyOf, merged, nextOpen, type Fate, type Fates } from './line';
import { remembered, type Batch, type Batches } from './batches';
import type { QueueItem, ReviewPace, SureOnes } from './types';

export const ORDERS = ['uncertain', 'novel', 'oldest', 'teaching', 'teaching_dishes'] as const;
export type QueueOrder = (typeof ORDERS)[number];

const PAGE_SIZE = 50;
/** So few left to do: more are fetched. */
const FEW = 5;

interface Undone {
  count: number;
  /** Those that stay, because they were changed since. */
  kept: number;
}

/** What waits for this person, one at a time; decisions are told at once and taken back where the server refuses. */
export class ReviewQueue {
  readonly app: App;
  items = $state.raw<QueueItem[] | null>(null);
  fates = $state.raw<Fates>(new Map());
  /** How many wait on the server, those not fetched yet among them. */
  waiting = $state(0);
  pace = $state.raw<ReviewPace | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  #key = $state<string | null>(null);
  #batches = $state.raw<Batch[]>([]);
  readonly #watch = new Stopwatch();
  readonly #store: Batches;
  #asks = 0;
  #list = '';
  /** Decisions, and taking them back, reach the server in the order of the keys pressed. */
  #line: Promise<void> = Promise.resolve();

  readonly order: QueueOrder = $derived.by(() => {
    const asked = this.app.router.query.get('order');
    return ORDERS.find((order) => order === asked) ?? 'uncertain';
  });
  readonly question: string = $derived.by(() =>
    JSON.stringify([this.app.lab?.id, this.order, this.app.labFeed.epoch]),
  );
  readonly here: QueueItem | null = $derived(this.items?.find((item) => keyOf(item) === this.#key) ?? null);
  readonly next: QueueItem | null = $derived(nextOpen(this.items ?? [], this.fates, this.#key));
  readonly left: number = $derived(
    Math.max(0, this.waiting - [...this.fates.values()].filter((fate) => fate !== 'refused').length),
  );
  readonly mayDecide: boolean = $derived.by(() => this.app.may('embryologist'));
  readonly mayUndo: boolean = $derived(this.#batches.length > 0);

  constructor(app: App, store: Batches = remembered()) {
    this.app = app;
    this.#store = store;
    this.#batches = store.read();
  }

  fateOf(item: QueueItem): Fate | null {
    return this.fates.get(keyOf(item)) ?? null;
  }

  /** Whether the machine's word on it can be taken as one's own. */
  mayAccept(item: QueueItem | null): boolean {
    if (!item || !this.mayDecide || item.is_hidden || item.kind !== 'embryo') return false;
    const fate = this.fateOf(item);
    return item.machine !== null && (fate === null || fate === 'refused');
  }

  /** Whether the machine's word on it can be called wrong; once is enough. */
  mayReject(item: QueueItem | null): boolean {
    return item !== null && this.mayAccept(item) && !item.is_rejected;
  }

  /** Ask anew what waits; what was decided here stays in the list until the page is left. */
  async load(): Promise<void> {
    const ask = ++this.#asks;
    const list = `${this.app.lab?.id} ${this.order}`;
    this.refusal = null;
    // The same list asked for again, as after the connection was lost, keeps one's place and what was decided.
    if (list !== this.#list) {
      this.items = null;
      this.fates = new Map();
    }
    this.#list = list;
    await Promise.all([this.#fetch(ask), this.#askPace()]);
    if (ask === this.#asks) this.go(this.here ?? this.items?.[0] ?? null);
  }

  /** Take in what came to wait since, such as the embryos of a run that has just finished. */
  async refresh(): Promise<void> {
    await this.#fetch(this.#asks);
    if (!this.here) this.go(this.next);
  }

  go(item: QueueItem | null): void {
    const key = item && keyOf(item);
    if (key === this.#key) return;
    this.#key = key;
    this.#watch.take();
    this.active();
  }

  /** Move along the list, also to what was decided already. */
  step(by: 1 | -1): void {
    const items = this.items ?? [];
    const at = items.findIndex((item) => keyOf(item) === this.#key);
    const to = items[Math.min(items.length - 1, Math.max(0, at + by))];
    if (to) this.go(to);
  }

  skip(): void {
    if (this.next) this.go(this.next);
  }

  /** The person did something: time since the last such moment was spent on the item. */
  active(): void {
    this.#watch.tick(performance.now());
  }

  /** Take the machine's word on the item as one's own reading, and go on. */
  accept(): void {
    if (this.mayAccept(this.here)) this.#decide(this.here, 'accepted');
  }

  /** Say that the machine is wrong about the item, which then waits to be read by hand, and go on. */
  reject(): void {
    if (this.mayReject(this.here)) this.#decide(this.here, 'rejected');
  }

  /** Leave for the embryo's own page; what was spent on it here is told first, so that it counts there. */
  async edit(frame: number): Promise<void> {
    const item = this.here;
    if (!item) return;
    const seconds = this.#spent();
    await this.#line;
    if (this.mayDecide && seconds > 0) {
      try {
        await body(
          this.app.api.PATCH('/api/readings/{stack_id}/{place}/', {
            params: {
              path: { stack_id: item.stack, place: item.place },
              header: { 'If-Match': `"${item.version}"` },
            },
            body: { changes: [], seconds_spent: seconds },
          }),
        );
      } catch (error) {
        // The time is a figure; the embryo can be looked at without it.
        if (asRefusal(error).code !== 'changed_meanwhile') this.app.report(error);
      }
    }
    const at = frame > 0 ? `&frame=${frame}` : '';
    this.app.router.go(`/dishes/${item.dish}/wells/${encodeURIComponent(item.place)}?from=review${at}`);
  }

  /** The embryos of which the machine is at least so sure, without accepting them. */
  async sure(threshold: number | null): Promise<SureOnes> {
    await this.#line;
    return this.#above(threshold, true, null, null);
  }

  /** Accept those that were shown, and answer how many; where they are others by now, the server refuses. */
  async acceptAbove({ threshold, count }: SureOnes): Promise<number> {
    const batch: Batch = { id: '', count: 0, keys: [] };
    try {
      // The server takes a part at a time, so that other people's writes do not wait for long.
      for (let left = count; left > 0;) {
        const done = await this.#above(threshold, false, left, batch.id || null);
        if (!done.batch || done.count === 0) break;
        const keys = done.items.map(keyOf);
        batch.id = done.batch;
        batch.count += done.count;
        batch.keys.push(...keys);
        this.#remember(batch);
        this.#tell(this.#those(keys), 'accepted');
        left = done.left;
      }
    } finally {
      if (this.here && this.fateOf(this.here) === 'accepted') this.go(this.next);
      await this.#after();
    }
    return batch.count;
  }

  /** Take back what was accepted or rejected last, one or many; answers how many, and how many stay because they were changed since. */
  undo(): Promise<Undone | null> {
    const undone = this.#line.then(() => this.#undo());
    this.#line = undone.then(
      () => undefined,
      () => undefined,
    );
    return undone;
  }

  async #undo(): Promise<Undone | null> {
    const batch = this.#batches.at(-1);
    if (!batch) return null;
    const done = { count: 0, kept: 0 };
    try {
      const kept = new Set<string>();
      for (let left = 1; left > 0;) {
        const undone = await body(this.app.api.POST('/api/queue/undo/', { body: { batch: batch.id } }));
        for (const one of undone.kept) kept.add(keyOf(one));
        done.count += undone.count;
        left = undone.left;
      }
      done.kept = kept.size;
      this.#forget(batch);
      this.#tell(this.#those(batch.keys.filter((key) => !kept.has(key))), null);
      // Taking back made new versions of these readings, which the next decision has to name.
      await Promise.all([this.#askPace(), this.#fetch(this.#asks)]);
      const first = this.#those(batch.keys)[0];
      if (first) this.go(first);
      return done;
    } catch (error) {
      // What is gone or was taken back elsewhere must not stand in the way of what was accepted before it.
      if (['not_found', 'undone_already'].includes(asRefusal(error).code)) this.#forget(batch);
      throw error;
    }
  }

  #spent(): number {
    this.active();
    return this.#watch.take();
  }

  #decide(item: QueueItem | null, fate: 'accepted' | 'rejected'): void {
    if (!item) return;
    const seconds = this.#spent();
    this.#tell([item], 'sending');
    this.go(this.next);
    this.#line = this.#line.then(() => this.#send(item, fate, seconds));
  }

  async #send(item: QueueItem, fate: 'accepted' | 'rejected', seconds: number): Promise<void> {
    try {
      const asked = { stack: item.stack, versions: { [item.place]: item.version }, seconds_spent: seconds };
      const { batch, count } = await body(
        fate === 'accepted'
          ? this.app.api.POST('/api/queue/accept/', { body: asked })
          : this.app.api.POST('/api/queue/reject/', { body: asked }),
      );
      this.#tell([item], fate);
      if (batch) this.#remember({ id: batch, count, keys: [keyOf(item)] });
      await this.#after();
    } catch (error) {
      this.#tell([item], 'refused');
      this.app.report(error);
    }
  }

  async #above(
    threshold: number | null,
    isDryRun: boolean,
    expected: number | null,
    batch: string | null,
  ): Promise<SureOnes> {
    const lab = this.app.lab?.id ?? '';
    const asked = { lab, dry_run: isDryRun, expected, batch, ...(threshold === null ? {} : { threshold }) };
    return body(this.app.api.POST('/api/queue/accept-above/', { body: asked }));
  }

  async #after(): Promise<void> {
    const open = (this.items ?? []).filter((item) => !this.fates.has(keyOf(item))).length;
    const isMore = open <= FEW && this.left > open;
    await Promise.all([this.#askPace(), isMore || this.fates.size === 0 ? this.#fetch(this.#asks) : null]);
  }

  async #fetch(ask: number): Promise<void> {
    const lab = this.app.lab?.id;
    if (!lab) return;
    try {
      const query = { lab, order: this.order, page_size: PAGE_SIZE };
      const answer = await body(this.app.api.GET('/api/queue/', { params: { query } }));
      if (ask !== this.#asks) return;
      this.items = merged(this.items ?? [], answer.results, this.fates);
      // What is decided here and on the server is not counted twice.
      const known = new Set(answer.results.map((item) => keyOf(item)));
      const gone = [...this.fates.keys()].filter((key) => !known.has(key)).length;
      this.waiting = answer.count + gone;
    } catch (error) {
      if (ask === this.#asks) this.refusal = asRefusal(error);
    }
  }

  async #askPace(): Promise<void> {
    const lab = this.app.lab?.id;
    if (!lab) return;
    try {
      this.pace = await body(this.app.api.GET('/api/queue/pace/', { params: { query: { lab } } }));
    } catch {
      // A figure beside the work: the work goes on without it.
    }
  }

  #tell(items: readonly QueueItem[], fate: Fate | null): void {
    const fates = new Map(this.fates);
    for (const item of items) {
      if (fate) fates.set(keyOf(item), fate);
      else fates.delete(keyOf(item));
    }
    this.fates = fates;
  }

  #those(keys: readonly string[]): QueueItem[] {
    return (this.items ?? []).filter((item) => keys.includes(keyOf(item)));
  }

  #remember(batch: Batch): void {
    this.#batches = [...this.#batches.filter(({ id }) => id !== batch.id), batch];
    this.#store.write(this.#batches);
  }

  #forget(batch: Batch): void {
    this.#batches = this.#batches.filter(({ id }) => id !== batch.id);
    this.#store.write(this.#batches);
  }
}
