import { body, type Api } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Dish } from '$lib/api/types';
import { MOST, nameOf, type Item } from './address';

const PAGE_SIZE = 24;

/** Which embryos are compared, while a person chooses among the dishes of a lab. */
export class Picker {
  dishes = $state.raw<Dish[] | null>(null);
  places = $state.raw<ReadonlyMap<string, string[]>>(new Map());
  open = $state<string | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  items = $state.raw<Item[]>([]);
  search = $state('');
  readonly #api: Api;
  #asks = 0;

  readonly isFull: boolean = $derived(this.items.length >= MOST);

  constructor(api: Api, items: readonly Item[]) {
    this.#api = api;
    this.items = [...items];
    this.open = items[0]?.dish ?? null;
  }

  has(item: Item): boolean {
    return this.items.some((other) => nameOf(other) === nameOf(item));
  }

  countOf(dish: string): number {
    return this.items.filter((item) => item.dish === dish).length;
  }

  toggle(item: Item): void {
    if (this.has(item)) this.items = this.items.filter((other) => nameOf(other) !== nameOf(item));
    else if (!this.isFull) this.items = [...this.items, item];
  }

  /** All embryos of a dish, as far as there is room, or none of them. */
  toggleDish(dish: string): void {
    const places = this.places.get(dish) ?? [];
    const others = this.items.filter((item) => item.dish !== dish);
    const isAll = this.countOf(dish) === places.length;
    this.items = isAll ? others : [...others, ...places.map((place) => ({ dish, place }))].slice(0, MOST);
  }

  async load(lab: string): Promise<void> {
    const ask = ++this.#asks;
    this.refusal = null;
    try {
      const query = { lab, page_size: PAGE_SIZE, ...(this.search ? { search: this.search } : {}) };
      const answer = await body(this.#api.GET('/api/dishes/', { params: { query } }));
      if (ask === this.#asks) this.dishes = answer.results;
    } catch (error) {
      if (ask === this.#asks) this.refusal = asRefusal(error);
    }
  }

  /** Show the embryos of a dish; those of other dishes stay chosen. */
  async show(dish: string): Promise<void> {
    this.open = dish;
    if (this.places.has(dish)) return;
    try {
      const params = { path: { dish_id: dish } };
      const { wells } = await body(this.#api.GET('/api/dishes/{dish_id}/', { params }));
      const held = wells.filter(({ content }) => content === 'embryo' || content === 'embryo_gas');
      this.places = new Map([...this.places, [dish, held.map(({ name }) => name)]]);
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }
}
