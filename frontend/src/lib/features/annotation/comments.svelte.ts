import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { App } from '$lib/app.svelte';
import type { CommentValue } from '$lib/api/types';
import { tag } from '$lib/keeping/server';
import { Typed } from '$lib/keeping/typed.svelte';

/** What people remarked about one embryo, oldest first, and the remark that is being written. */
export class Comments {
  all = $state.raw<CommentValue[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  isLoaded = $state(false);
  readonly open: CommentValue[] = $derived(this.all.filter(({ is_resolved }) => !is_resolved));
  readonly typed: Typed<string>;
  readonly #app: App;
  readonly #stack: string;
  readonly #place: string;

  constructor(app: App, stack: string, place: string) {
    this.#app = app;
    this.#stack = stack;
    this.#place = place;
    this.typed = new Typed(app.drafts, `comment/${stack}/${place}`, '');
  }

  async load(): Promise<void> {
    const params = { path: { stack_id: this.#stack }, query: { place: this.#place } };
    try {
      this.all = (await body(
        this.#app.api.GET('/api/stacks/{stack_id}/comments/', { params }),
      )) as CommentValue[];
      this.isLoaded = true;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Say what was typed, pinned to a frame or to the embryo as a whole. */
  async say(frame: number | null): Promise<boolean> {
    const text = this.typed.value.trim();
    if (!text) return false;
    return this.#ask(async () => {
      const comment = await body(
        this.#app.api.POST('/api/stacks/{stack_id}/comments/', {
          params: { path: { stack_id: this.#stack } },
          body: { place: this.#place, frame_index: frame, text },
        }),
      );
      this.#take(comment as CommentValue);
      this.typed.sent();
    });
  }

  async change(comment: CommentValue, change: { text?: string; is_resolved?: boolean }): Promise<boolean> {
    return this.#ask(async () => {
      const next = await body(
        this.#app.api.PATCH('/api/comments/{comment_id}/', {
          params: { path: { comment_id: comment.id }, header: tag(comment.version) },
          body: change,
        }),
      );
      this.#take(next as CommentValue);
    });
  }

  async #ask(ask: () => Promise<void>): Promise<boolean> {
    this.refusal = null;
    try {
      await ask();
      return true;
    } catch (error) {
      const refusal = asRefusal(error);
      // Somebody was faster: what they wrote is shown, with the reason why ours was not taken.
      if (refusal.status === 412) await this.load();
      this.refusal = refusal;
      return false;
    }
  }

  #take(comment: CommentValue): void {
    const rest = this.all.filter(({ id }) => id !== comment.id);
    this.all = [...rest, comment].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  }
}
