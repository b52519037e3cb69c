import { body } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { App } from '$lib/app.svelte';

const TELL_EVERY_MS = 20_000;
/** Who was not heard of for this long has left. */
const LEFT_AFTER_MS = 45_000;
const EDITING_MS = 60_000;

type Told = components['schemas']['PresenceOut'];

export interface Present {
  user: string;
  name: string;
  isEditing: boolean;
  at: number;
}

/** Who was at the place when we came, by the server's list of all of the recording; our own row tells its time of now. */
export function alreadyHere(told: readonly Told[], place: string, me: string, now: number): Present[] {
  const here = told.filter((one) => one.place === place);
  const own = here.find(({ user_id }) => user_id === me);
  if (!own) return [];
  return here
    .map((one) => ({
      user: one.user_id,
      name: one.name,
      isEditing: one.doing === 'editing',
      at: now - Math.max(0, Date.parse(own.seen_at) - Date.parse(one.seen_at)),
    }))
    .filter(({ user, at }) => user !== me && now - at < LEFT_AFTER_MS);
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
    void this.#arrive();
    this.#timer = setInterval(() => {
      this.others = this.others.filter(({ at }) => Date.now() - at < LEFT_AFTER_MS);
      void this.#tell();
    }, TELL_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** We changed something; others hear of the first time at once. */
  edited(): void {
    const isNews = Date.now() - this.#editedAt > EDITING_MS;
    this.#editedAt = Date.now();
    if (isNews) void this.#tell();
  }

  heard(user: string, name: string, isEditing: boolean): void {
    if (user === this.#app.user?.id) return;
    const rest = this.others.filter((one) => one.user !== user);
    this.others = [...rest, { user, name, isEditing, at: Date.now() }];
  }

  /** Others hear of us at once, and we need not wait for their next word. */
  async #arrive(): Promise<void> {
    await this.#tell();
    const params = { path: { stack_id: this.#stack } };
    try {
      const told = await body(this.#app.api.GET('/api/stacks/{stack_id}/presence/', { params }));
      const heard = new Set(this.others.map(({ user }) => user));
      const here = alreadyHere(told, this.#place, this.#app.user?.id ?? '', Date.now());
      this.others = [...this.others, ...here.filter(({ user }) => !heard.has(user))];
    } catch {
      // Their next word comes within seconds.
    }
  }

  async #tell(): Promise<void> {
    if (document.hidden) return;
    const doing = Date.now() - this.#editedAt < EDITING_MS ? 'editing' : 'looking';
    const asked = this.#app.api.POST('/api/stacks/{stack_id}/presence/', {
      params: { path: { stack_id: this.#stack } },
      body: { place: this.#place, doing },
    });
    // Who is here is a courtesy: a server that is away hears of it at the next turn.
    await body(asked).catch(() => undefined);
  }
}
