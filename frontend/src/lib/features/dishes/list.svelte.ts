import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Dish, LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';

export const STATES = ['', 'running', 'attention', 'ready'] as const;
export const ORDERINGS = ['-created_at', 'created_at', 'label', '-label'] as const;
export type DishStateFilter = (typeof STATES)[number];
export type Ordering = (typeof ORDERINGS)[number];

const PAGE_SIZE = 48;
const RELOAD_MS = 400;
/** News that comes often and changes nothing about dishes. */
const NOT_OF_DISHES = /^(label_|data_set\.|training\.)/;

/** The dishes of a lab as the address asks for them, kept current while the page is open. */
export class DishList {
  dishes = $state.raw<Dish[] | null>(null);
  count = $state(0);
  refusal = $state.raw<Refusal | null>(null);

  readonly #app: App;
  #asked = 0;
  #reload: ReturnType<typeof setTimeout> | undefined;

  readonly search: string = $derived.by(() => this.#app.router.query.get('search') ?? '');
  readonly state: DishStateFilter = $derived.by(() => oneOf(STATES, this.#app.router.query.get('state')));
  readonly ordering: Ordering = $derived.by(() => oneOf(ORDERINGS, this.#app.router.query.get('order')));
  readonly page: number = $derived.by(() => Math.max(1, Number(this.#app.router.query.get('page')) || 1));
  readonly pages: number = $derived(Math.max(1, Math.ceil(this.count / PAGE_SIZE)));
  readonly isFiltered: boolean = $derived(this.search !== '' || this.state !== '');

  constructor(app: App) {
    this.#app = app;
  }

  /** What a load depends on: whoever shows the list loads it again when this changes. */
  readonly question: string = $derived.by(() =>
    JSON.stringify([
      this.#app.lab?.id,
      this.search,
      this.state,
      this.ordering,
      this.page,
      this.#app.labFeed.epoch,
    ]),
  );

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const asked = ++this.#asked;
    const query = {
      lab,
      ordering: [this.ordering],
      page: this.page,
      page_size: PAGE_SIZE,
      ...(this.search ? { search: this.search } : {}),
      ...(this.state ? { state: this.state } : {}),
    };
    try {
      const answer = await body(this.#app.api.GET('/api/dishes/', { params: { query } }));
      if (asked !== this.#asked) return; // a later question was asked meanwhile
      this.dishes = answer.results;
      this.count = answer.count;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'run.changed') {
      const { run } = event;
      const before = this.dishes?.find((dish) => dish.id === run.dish)?.run;
      this.dishes =
        this.dishes?.map((dish) => (dish.id === run.dish && isAsNew(run, dish) ? { ...dish, run } : dish)) ??
        null;
      if (before?.state !== run.state) this.#loadSoon();
    } else if (!NOT_OF_DISHES.test(event.type)) {
      this.#loadSoon();
    }
  }

  close(): void {
    clearTimeout(this.#reload);
    this.#asked += 1;
  }

  /** One load for a burst of news. */
  #loadSoon(): void {
    clearTimeout(this.#reload);
    this.#reload = setTimeout(() => void this.load(), RELOAD_MS);
  }
}

function oneOf<T extends string>(values: readonly T[], given: string | null): T {
  return values.find((value) => value === given) ?? (values[0] as T);
}

const isAsNew = (run: { created_at: string }, dish: Dish): boolean =>
  !dish.run || dish.run.created_at <= run.created_at;
