import { body, type Api } from '$lib/api/client';
import type { LiveEvent } from '$lib/api/types';
import type { LiveClient } from './client.svelte';

const AGAIN_MS = 5_000;

type Listener = (event: LiveEvent) => void;

/** News of the lab that is chosen; pages listen while they are open. */
export class LabFeed {
  /** Counts up when news may have been missed: whoever shows a list loads it again. */
  epoch = $state(0);
  readonly #live: LiveClient;
  readonly #api: Api;
  readonly #listeners = new Set<Listener>();
  #labId: string | null = null;
  #unfollow: (() => void) | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(live: LiveClient, api: Api) {
    this.#live = live;
    this.#api = api;
  }

  async follow(labId: string): Promise<void> {
    if (this.#labId === labId) return;
    this.stop();
    this.#labId = labId;
    await this.#begin(labId);
  }

  stop(): void {
    clearTimeout(this.#again);
    this.#unfollow?.();
    this.#unfollow = null;
    this.#labId = null;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #begin(labId: string): Promise<void> {
    const topic = `lab.${labId}`;
    const after = await this.#latest(topic);
    if (this.#labId !== labId) return;
    this.#unfollow = this.#live.follow(topic, after, {
      event: ({ event }) => this.#listeners.forEach((listener) => listener(event)),
      gone: () => {
        this.#again = setTimeout(() => void this.#begin(labId), AGAIN_MS);
      },
    });
    this.epoch += 1;
  }

  /** Where news begins for somebody who is about to load the lists; 0 replays what is kept. */
  async #latest(topic: string): Promise<number> {
    try {
      return (await body(this.#api.GET('/api/events/', { params: { query: { topic } } }))).seq;
    } catch {
      return 0;
    }
  }
}
