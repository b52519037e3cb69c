import createClient from 'openapi-fetch';
import { expect, test } from 'vitest';
import type { paths } from '$lib/api/schema';
import { Drafts } from '$lib/keeping/drafts';
import { shelf } from '$lib/keeping/shelf.fixture';
import { OneDataSet } from './one.svelte';

/** A browser in which pages of the same data set come and go, over a server that may be away. */
function visits() {
  const server = { isAway: true, it: { id: 'd', state: 'draft', name: 'Old', updated_at: '1' } };
  async function answer(request: Request): Promise<Response> {
    if (request.method !== 'PATCH') return Response.json(server.it);
    if (server.isAway) throw new TypeError('Failed to fetch');
    server.it = { ...server.it, ...((await request.json()) as object), updated_at: '3' };
    return Response.json(server.it);
  }
  const api = createClient<paths>({ baseUrl: 'http://lab.example', fetch: answer });
  const browser = shelf();
  const router = { go: () => undefined };
  return {
    server,
    async open(): Promise<OneDataSet> {
      const one = new OneDataSet({ api, router, drafts: new Drafts(() => 'ann', browser) }, 'd');
      await one.load();
      return one;
    },
  };
}

test('a change that the server did not get is sent by the next visit, once', async () => {
  const { server, open } = visits();
  const before = await open();
  before.change({ name: 'New' });
  await before.keep();
  expect(before.isKept).toBe(false);
  server.isAway = false;
  const after = await open();
  await expect.poll(() => after.isKept).toBe(true);
  expect([server.it.name, after.it?.name]).toEqual(['New', 'New']);
  server.it = { ...server.it, name: 'Newer', updated_at: '4' };
  expect((await open()).isKept).toBe(true);
});

test('a change that waited does not undo what somebody else changed meanwhile', async () => {
  const { server, open } = visits();
  const before = await open();
  before.change({ name: 'New' });
  await before.keep();
  server.it = { ...server.it, name: 'Theirs', updated_at: '2' };
  server.isAway = false;
  const after = await open();
  expect([after.isKept, after.it?.name, server.it.name]).toEqual([true, 'Theirs', 'Theirs']);
});
