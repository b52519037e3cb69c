import createClient from 'openapi-fetch';
import type { paths } from '$lib/api/schema';
import type { Weights } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { Use } from './types';

/** What a test's server was asked: method, path and body. */
export interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** Somebody in front of a server that answers from `told`; what was asked is noted in order. */
export function somebody(
  told: (asked: Asked) => unknown,
  { user = 'ann', isAdmin = true } = {},
): { app: App; asked: Asked[] } {
  const asked: Asked[] = [];
  const api = createClient<paths>({
    baseUrl: 'http://lab.example',
    fetch: async (request) => {
      const text = await request.text();
      const one = {
        method: request.method,
        path: new URL(request.url).pathname,
        body: text ? (JSON.parse(text) as unknown) : null,
      };
      asked.push(one);
      const answer = told(one);
      if (answer instanceof Response) return answer;
      return Response.json(answer);
    },
  });
  const app = { api, user: { id: user }, may: () => isAdmin };
  return { app: app as unknown as App, asked };
}

export const weights = (change: Partial<Weights> = {}): Weights => ({
  id: 'w',
  name: 'wells-yolo11n',
  task: 'wells',
  family: 'yolo11n',
  state: 'checked',
  reason: '',
  sha256: 'a'.repeat(64),
  lab: null,
  created_at: '2026-11-21T10:00:00Z',
  checked_at: null,
  checked_against: null,
  manifest: {},
  uses: [],
  is_default: false,
  blocked: null,
  ...change,
});

export const use = (change: Partial<Use> = {}): Use => ({
  id: 'u',
  lab: 'l',
  task: 'wells',
  weights: 'w',
  weights_name: 'wells-yolo11n',
  state: 'proposed',
  asked_by: 'ann',
  asked_by_name: 'Ann',
  asked_at: '2026-11-21T10:00:00Z',
  confirmed_by: null,
  confirmed_by_name: '',
  confirmed_at: null,
  ended_at: null,
  reason: '',
  is_rollback: false,
  replaced: null,
  restores: null,
  ...change,
});
