import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket as Peer } from 'ws';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Delivered, ServerMessage } from '$lib/api/types';
import { backoff } from './backoff';
import { LiveClient, type LiveOptions } from './client.svelte';

const TOPIC = 'dish.1';

/** A server with a log, as the product's: it replays after `after`, then sends the news. */
class Server {
  log: Delivered[] = [];
  asked: { type: string; topic: string; after: number }[] = [];
  port = 0;
  isMute = false;
  /** Drops every third event on its way, to see whether the client notices. */
  isLossy = false;
  readonly #server: WebSocketServer;

  constructor(port = 0) {
    this.#server = new WebSocketServer({ port, host: '127.0.0.1' });
    this.#server.on('connection', (peer) => {
      peer.on('message', (data) => this.#answer(peer, JSON.parse(String(data))));
    });
  }

  static async open(port = 0): Promise<Server> {
    const server = new Server(port);
    await once(server.#server, 'listening');
    server.port = (server.#server.address() as AddressInfo).port;
    return server;
  }

  publish(count: number): void {
    for (let made = 0; made < count; made += 1) {
      const seq = this.log.length + 1;
      const event = { type: 'dish.changed' as const, dish_id: String(seq), label: '' };
      this.log.push({ type: 'event', topic: TOPIC, seq, at: '', event });
      if (this.isLossy && seq % 3 === 0) continue;
      for (const peer of this.#server.clients) say(peer, this.log.at(-1) as Delivered);
    }
  }

  cut(): void {
    for (const peer of this.#server.clients) peer.terminate();
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((done) => this.#server.close(() => done()));
  }

  #answer(peer: Peer, message: { type: string; topic: string; after: number }): void {
    this.asked.push(message);
    if (this.isMute || message.type !== 'subscribe') return;
    if (message.topic !== TOPIC) return say(peer, { type: 'denied', topic: message.topic });
    if (message.after > this.log.length) {
      return say(peer, { type: 'error', code: 'gone', detail: '', topic: TOPIC });
    }
    for (const delivered of this.log.slice(message.after)) say(peer, delivered);
    say(peer, { type: 'subscribed', topic: TOPIC, seq: this.log.length });
  }
}

const say = (peer: Peer, message: ServerMessage): void => peer.send(JSON.stringify(message));

async function until(isTrue: () => boolean, ms = 3_000): Promise<void> {
  const end = Date.now() + ms;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

let server: Server;
let clients: LiveClient[];

beforeEach(async () => {
  server = await Server.open();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.close();
});

function connect(options: Partial<LiveOptions> = {}): LiveClient {
  const client = new LiveClient({
    url: `ws://127.0.0.1:${server.port}/`,
    poll: async () => ({ seq: 0, events: [] }),
    backoff: () => 20,
    ...options,
  });
  clients.push(client);
  client.open();
  return client;
}

function follow(
  client: LiveClient,
  after = 0,
  topic = TOPIC,
): { seqs: number[]; gone: number; denied: number } {
  const heard = { seqs: [] as number[], gone: 0, denied: 0 };
  client.follow(topic, after, {
    event: ({ seq }) => heard.seqs.push(seq),
    gone: () => (heard.gone += 1),
    denied: () => (heard.denied += 1),
  });
  return heard;
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('a follower gets what it missed and then the news', async () => {
  server.publish(5);
  const client = connect();
  const heard = follow(client, 2);
  await until(() => heard.seqs.length === 3);
  server.publish(2);
  await until(() => heard.seqs.length === 5);
  expect(heard.seqs).toEqual(numbers(3, 7));
  expect(client.state).toBe('live');
});

test('a browser that is cut off again and again misses nothing and sees nothing twice', async () => {
  const heard = follow(connect());
  for (let round = 0; round < 10; round += 1) {
    server.publish(20);
    if (round % 2 === 0) server.cut();
    await new Promise((wake) => setTimeout(wake, 30));
  }
  await until(() => heard.seqs.length >= 200);
  expect(heard.seqs).toEqual(numbers(1, 200));
});

test('an event that was lost on the way is asked for again', async () => {
  const heard = follow(connect());
  await until(() => server.asked.length > 0);
  server.isLossy = true;
  server.publish(10);
  await until(() => heard.seqs.length === 10);
  expect(heard.seqs).toEqual(numbers(1, 10));
});

test('a second follower of a topic may start elsewhere', async () => {
  server.publish(4);
  const client = connect();
  const early = follow(client, 3);
  await until(() => early.seqs.length === 1);
  const late = follow(client, 0);
  await until(() => late.seqs.length === 4);
  expect(early.seqs).toEqual([4]);
});

test('a topic that is not for this person is denied and asked for no more', async () => {
  const heard = follow(connect({ heartbeatMs: 20 }), 0, 'dish.2');
  await until(() => heard.denied === 1);
  const asked = server.asked.length;
  await new Promise((wake) => setTimeout(wake, 80));
  expect(server.asked.length).toBe(asked);
});

test('events that are no longer kept call for a fresh snapshot', async () => {
  const heard = follow(connect(), 99);
  await until(() => heard.gone === 1);
  expect(heard.seqs).toEqual([]);
});

test('a connection that answers no more is given up and opened anew', async () => {
  const client = connect({ heartbeatMs: 30, answerMs: 40 });
  follow(client);
  await until(() => client.state === 'live' && server.asked.length > 0);
  server.isMute = true;
  await until(() => client.state === 'reconnecting');
  server.isMute = false;
  await until(() => client.state === 'live');
});

test('where sockets are blocked the page polls, and returns to the socket when it can', async () => {
  const { port } = server;
  server.publish(3);
  const { log } = server;
  await server.close();
  const poll = async (_: string, after: number) => ({ seq: log.length, events: log.slice(after) });
  const client = connect({ poll, pollMs: 10, retryMs: 50 });
  const heard = follow(client);
  await until(() => client.state === 'polling');
  await until(() => heard.seqs.length === 3);
  server = await Server.open(port);
  server.log = log;
  await until(() => client.state === 'live');
  server.publish(1);
  await until(() => heard.seqs.length === 4);
  expect(heard.seqs).toEqual([1, 2, 3, 4]);
});

test('waits double, stay below a limit and are spread', () => {
  expect([0, 1, 2].map((attempt) => backoff(attempt, () => 1))).toEqual([500, 1000, 2000]);
  expect(backoff(50, () => 1)).toBe(15_000);
  expect(backoff(0, () => 0)).toBe(250);
});
