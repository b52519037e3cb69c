import { body } from '$lib/api/client';
import type { App } from '$lib/app.svelte';

const TELL_EVERY_MS = 20_000;
/** Who was not heard of for this long has left. */
const LEFT_AFTER_MS = 45_000;
const EDITING_MS = 60_000;

export interface Present {
  user: string;
  name: string;
  isEditing: boolean;
  at: number;
}

/** Who else has this embryo open; says the same of us. */
export class Presence {
  others = $state.raw<Present[]>([]);
  readonly #app: App;
  readonly #stack: string;
  readonly #place: string;
  #editedAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(app: App, stack: string, place: string) {
    this.#app = app;
    this.#stack = stack;
    this.#place = place;
  }

  start(): void {
    this.#tell();
    this.#timer = setInterval(() => {
      this.others = this.others.filter(({ at }) => Date.now() - at < LEFT_AFTER_MS);
      this.#tell();
    }, TELL_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** We changed something; others hear of the first time at once. */
  edited(): void {
    const isNews = Date.now() - this.#editedAt > EDITING_MS;
    this.#editedAt = Date.now();
    if (isNews) this.#tell();
  }

  heard(user: string, name: string, isEditing: boolean): void {
    if (user === this.#app.user?.id) return;
    const rest = this.others.filter((one) => one.user !== user);
    this.others = [...rest, { user, name, isEditing, at: Date.now() }];
  }

  #tell(): void {
    if (document.hidden) return;
    const doing = Date.now() - this.#editedAt < EDITING_MS ? 'editing' : 'looking';
    const asked = this.#app.api.POST('/api/stacks/{stack_id}/presence/', {
      params: { path: { stack_id: this.#stack } },
      body: { place: this.#place, doing },
    });
    // Who is here is a courtesy: a server that is away hears of it at the next turn.
    void body(asked).catch(() => undefined);
  }
}
