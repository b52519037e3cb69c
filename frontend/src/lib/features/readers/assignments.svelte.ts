import { body, type Api } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { Assignment, Well } from './asked';

const PAGE_SIZE = 500;

/** Who was asked to read which embryos of a recording, or what I am asked to read myself. */
export class Assignments {
  all = $state.raw<Assignment[] | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  readonly #api: Api;
  readonly #stack: string | null;
  #asks = 0;

  /** Without a recording: my own that are open. */
  constructor(api: Api, stack: string | null) {
    this.#api = api;
    this.#stack = stack;
  }

  async load(): Promise<void> {
    const ask = ++this.#asks;
    try {
      const all: Assignment[] = [];
      for (let page = 1; ; page += 1) {
        const query = { page, page_size: PAGE_SIZE, ...(this.#stack ? { stack: this.#stack } : {}) };
        const answer = await body(this.#api.GET('/api/assignments/', { params: { query } }));
        all.push(...answer.results);
        if (!answer.next) break;
      }
      if (ask !== this.#asks) return;
      this.all = all;
      this.refusal = null;
    } catch (error) {
      if (ask === this.#asks) this.refusal = asRefusal(error);
    }
  }

  /** Somebody was asked or has read: ask again who is. */
  hear(event: LiveEvent): void {
    if (event.type !== 'assignment.changed') return;
    if (this.#stack === null || event.stack_id === this.#stack) void this.load();
  }

  async ask(places: string[], reader: string, isBlind: boolean): Promise<number> {
    const params = { path: { stack_id: this.#stack ?? '' } };
    const asked = { places, reader_id: reader, is_blind: isBlind };
    const made = await body(this.#api.POST('/api/stacks/{stack_id}/assignments/', { params, body: asked }));
    await this.load();
    return made.length;
  }

  async withdraw({ id }: Assignment): Promise<void> {
    const params = { path: { assignment_id: id } };
    await body(this.#api.DELETE('/api/assignments/{assignment_id}/', { params }));
    await this.load();
  }
}

/** The wells of a recording: those added by people are in, those taken away are not. */
export async function wellsOf(api: Api, stack: string): Promise<Well[]> {
  const params = { path: { stack_id: stack } };
  const told = await body(api.GET('/api/stacks/{stack_id}/effective/', { params }));
  return told.map(({ place, content }) => ({ place, content: content?.value ?? null }));
}
