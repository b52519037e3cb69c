import { body, type Api } from '$lib/api/client';
import type { Delivered } from '$lib/api/types';
import { nameOf, type Item } from './address';
import type { Decision, DecisionValue } from './types';

/** The key of each decision, which is its letter as well. */
export const LETTERS: Record<DecisionValue, string> = {
  transfer: 'T',
  freeze: 'F',
  avoid: 'D',
  undecided: 'U',
};
export const VALUES = Object.keys(LETTERS) as DecisionValue[];

/** What was decided about embryos of any dish; the newest that was heard of counts. */
export class DecisionBook {
  #all = $state.raw<ReadonlyMap<string, Decision>>(new Map());
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  of(item: Item): Decision | null {
    return this.#all.get(nameOf(item)) ?? null;
  }

  /** Keep what the server said; an answer that comes late does not undo a newer one. */
  put(decisions: readonly Decision[]): void {
    const all = new Map(this.#all);
    for (const decision of decisions) {
      const known = all.get(nameOf(decision));
      if (!known || known.version <= decision.version) all.set(nameOf(decision), decision);
    }
    this.#all = all;
  }

  async load(dish: string): Promise<void> {
    const params = { path: { dish_id: dish } };
    const told = await body(this.#api.GET('/api/dishes/{dish_id}/decisions/', { params }));
    this.put(told as Decision[]);
  }

  /** Hear of what happens to a dish whose decisions are shown. */
  follow({ event }: Delivered): void {
    if (event.type !== 'decision.changed') return;
    const { dish_id: dish, place, version } = event;
    // What could not be asked for now comes with the next news, or when the page is opened anew.
    this.hear({ dish, place, version }).catch(() => undefined);
  }

  /** Hear of a decision that somebody took; its words are asked for when they are not known yet. */
  async hear({ dish, place, version }: Item & { version: number }): Promise<void> {
    if ((this.of({ dish, place })?.version ?? -1) < version) await this.load(dish);
  }

  /** Decide about an embryo as it stood at a version; whoever decided otherwise since is not overruled unseen. */
  async decide(item: Item, value: DecisionValue, reason: string, version: number): Promise<void> {
    const path = { dish_id: item.dish, place: item.place };
    const headers = { 'If-Match': `"${version}"` };
    const asked = this.#api.PATCH('/api/dishes/{dish_id}/decisions/{place}/', {
      params: { path, header: headers },
      body: { value, reason },
    });
    this.put([(await body(asked)) as Decision]);
  }
}
