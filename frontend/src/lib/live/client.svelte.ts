import type { Delivered, ServerMessage } from '$lib/api/types';
import { backoff } from './backoff';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling';

export interface Follower {
  /** An event that is new to this follower, in order and without gaps. */
  event(delivered: Delivered): void;
  /** Earlier events are no longer kept: load a fresh snapshot and follow again. */
  gone(): void;
  /** There is no such topic for this person. */
  denied?(): void;
}

export interface LiveOptions {
  url: string;
  /** Events of a topic after `after`, for networks that block sockets. */
  poll(topic: string, after: number): Promise<{ seq: number; events: Delivered[] }>;
  heartbeatMs?: number;
  answerMs?: number;
  pollMs?: number;
  /** How long to wait before the socket is tried again while polling. */
  retryMs?: number;
  /** The server ended the session; there is nothing to reconnect to. */
  signedOut?(): void;
  backoff?: (attempt: number) => number;
}

interface Following {
  seq: number;
  follower: Follower;
}

const FAILURES_BEFORE_POLLING = 3;
const SIGNED_OUT = 4401;

/** One socket for every topic of the page: it resumes where it was cut, and falls back to polling. */
export class LiveClient {
  state = $state<LiveState>('connecting');

  readonly #options: Required<LiveOptions>;
  readonly #topics = new Map<string, Set<Following>>();
  /** Topics in which a gap was seen and asked for, so that a burst behind the gap asks once. */
  readonly #asked = new Set<string>();
  #socket: WebSocket | null = null;
  #failures = 0;
  #isClosed = true;
  #unanswered: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #polling: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveOptions) {
    this.#options = {
      heartbeatMs: 20_000,
      answerMs: 10_000,
      pollMs: 2_000,
      retryMs: 30_000,
      signedOut: () => undefined,
      backoff,
      ...options,
    };
  }

  open(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#failures = 0;
    this.state = 'connecting';
    this.#connect();
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.heartbeatMs);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of [this.#unanswered, this.#reopen, this.#polling]) clearTimeout(timer);
    clearInterval(this.#heartbeat);
    this.#dropSocket();
    this.#topics.clear();
  }

  /** Try now instead of at the next turn, such as when the network came back. */
  wake(): void {
    if (this.#isClosed || this.#socket) return;
    clearTimeout(this.#reopen);
    this.#connect();
  }

  /** Hear every event of a topic after `after`; the answer stops it. */
  follow(topic: string, after: number, follower: Follower): () => void {
    const following: Following = { seq: after, follower };
    const all = this.#topics.get(topic) ?? new Set<Following>();
    all.add(following);
    this.#topics.set(topic, all);
    this.#subscribe(topic);
    return () => this.#stop(topic, following);
  }

  #stop(topic: string, following: Following): void {
    const all = this.#topics.get(topic);
    if (!all?.delete(following) || all.size > 0) return;
    this.#topics.delete(topic);
    this.#send({ type: 'unsubscribe', topic });
  }

  /** Followers may stand at different places; the earliest decides what is asked for. */
  #after(topic: string): number {
    return Math.min(...[...(this.#topics.get(topic) ?? [])].map((following) => following.seq));
  }

  #subscribe(topic: string): void {
    if (this.#send({ type: 'subscribe', topic, after: this.#after(topic) })) this.#expectAnswer();
  }

  #send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #expectAnswer(): void {
    if (this.#unanswered !== undefined) return;
    this.#unanswered = setTimeout(() => {
      this.#unanswered = undefined;
      this.#lost();
    }, this.#options.answerMs);
  }

  #answered(): void {
    clearTimeout(this.#unanswered);
    this.#unanswered = undefined;
  }

  #beat(): void {
    for (const topic of this.#topics.keys()) this.#subscribe(topic);
  }

  #connect(): void {
    if (this.#isClosed) return;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#options.url);
    } catch {
      this.#lost();
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      clearTimeout(this.#polling);
      this.#failures = 0;
      this.state = 'live';
      this.#beat();
    };
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(message.data)) as ServerMessage);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      if (code === SIGNED_OUT) this.#options.signedOut();
      this.#lost();
    };
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#answered();
    this.#asked.clear();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }

  #lost(): void {
    this.#dropSocket();
    if (this.#isClosed) return;
    this.#failures += 1;
    const isBlocked = this.#failures >= FAILURES_BEFORE_POLLING;
    if (isBlocked && this.state !== 'polling') {
      this.state = 'polling';
      void this.#poll();
    } else if (!isBlocked) {
      this.state = 'reconnecting';
    }
    const wait = isBlocked ? this.#options.retryMs : this.#options.backoff(this.#failures - 1);
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => this.#connect(), wait);
  }

  async #poll(): Promise<void> {
    for (const topic of [...this.#topics.keys()]) {
      try {
        const answer = await this.#options.poll(topic, this.#after(topic));
        if (answer.seq < this.#after(topic)) this.#gone(topic);
        for (const delivered of answer.events) this.#deliver(delivered);
      } catch (error) {
        const status = (error as { status?: number }).status;
        if (status === 410) this.#gone(topic);
        else if (status === 404 || status === 403) this.#denied(topic);
      }
    }
    if (this.state !== 'polling' || this.#isClosed) return;
    this.#polling = setTimeout(() => void this.#poll(), this.#options.pollMs);
  }

  #receive(message: ServerMessage): void {
    this.#answered();
    if (message.type === 'event') this.#deliver(message);
    else if (message.type === 'denied') this.#denied(message.topic);
    else if (message.type === 'subscribed') {
      this.#asked.delete(message.topic);
      if (this.#topics.has(message.topic) && message.seq < this.#after(message.topic))
        this.#gone(message.topic);
    } else if (message.code === 'gone') {
      for (const topic of message.topic ? [message.topic] : [...this.#topics.keys()]) this.#gone(topic);
    }
  }

  #deliver(delivered: Delivered): void {
    for (const following of [...(this.#topics.get(delivered.topic) ?? [])]) {
      if (delivered.seq <= following.seq) continue; // already applied: replay and live news may overlap
      if (delivered.seq > following.seq + 1) {
        // Something between was lost on the way: ask for it again.
        if (!this.#asked.has(delivered.topic)) this.#subscribe(delivered.topic);
        this.#asked.add(delivered.topic);
        continue;
      }
      following.seq = delivered.seq;
      following.follower.event(delivered);
    }
  }

  #gone(topic: string): void {
    const all = [...(this.#topics.get(topic) ?? [])];
    this.#topics.delete(topic);
    for (const { follower } of all) follower.gone();
  }

  #denied(topic: string): void {
    const all = [...(this.#topics.get(topic) ?? [])];
    this.#topics.delete(topic);
    for (const { follower } of all) follower.denied?.();
  }
}
