import { body } from '$lib/api/client';
import type { LiveEvent, Stack, StackState } from '$lib/api/types';
import type { App } from '$lib/app.svelte';

const UNSETTLED: StackState[] = ['assembling', 'probing', 'recognised', 'refused'];

/** The lab's recordings that nobody confirmed yet, newest first. */
export class Pending {
  stacks = $state.raw<Stack[] | null>(null);
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    try {
      const query = { lab, state: UNSETTLED, page_size: 100 };
      this.stacks = (await body(this.#app.api.GET('/api/stacks/', { params: { query } }))).results;
    } catch (error) {
      this.#app.report(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type === 'stack.changed') void this.#refresh(event.stack_id);
  }

  /** Put in what the server answered about one recording. */
  take(stack: Stack): void {
    const others = (this.stacks ?? []).filter((other) => other.id !== stack.id);
    this.stacks = UNSETTLED.includes(stack.state)
      ? [...others, stack].sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
      : others;
  }

  async remove(stack: Stack): Promise<void> {
    await body(this.#app.api.DELETE('/api/stacks/{stack_id}/', { params: { path: { stack_id: stack.id } } }));
    this.stacks = (this.stacks ?? []).filter((other) => other.id !== stack.id);
  }

  async #refresh(id: string): Promise<void> {
    try {
      this.take(
        await body(this.#app.api.GET('/api/stacks/{stack_id}/', { params: { path: { stack_id: id } } })),
      );
    } catch {
      this.stacks = (this.stacks ?? []).filter((other) => other.id !== id); // removed meanwhile
    }
  }
}
