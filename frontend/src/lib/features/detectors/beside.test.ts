import { expect, test } from 'vitest';
import { carried, changesOf, draftOf, wrongIn } from './settings';
import { advanced } from './shadows.svelte';
import type { Shadow } from './types';

const shadow = { id: 's', state: 'on', runs_done: 1, runs_wanted: 5 } as Shadow;
const news = { type: 'shadow.changed', shadow_id: 's', weights_id: 'w', runs_wanted: 5 } as const;

test('a look more is counted where it stands, and an end is asked for', () => {
  expect(advanced([shadow], { ...news, state: 'on', runs_done: 2 })?.[0]?.runs_done).toBe(2);
  expect(advanced([shadow], { ...news, state: 'ended', runs_done: 5 })).toBeNull();
  expect(advanced([], { ...news, state: 'on', runs_done: 1 })).toBeNull();
});

test('only what was changed is sent, and what cannot be is not', () => {
  const known = { retries_on_previous: false, shadow_runs: 10, version: 3 };
  const draft = draftOf(known);
  expect(changesOf(known, draft)).toEqual({});
  expect(changesOf(known, { ...draft, retries: true })).toEqual({ retries_on_previous: true });
  expect(changesOf(known, { ...draft, runs: '25' })).toEqual({ shadow_runs: 25 });
  expect(['1', '200', '0', '201', '', '1.5', '-3'].map((runs) => wrongIn({ ...draft, runs }).length)).toEqual(
    [0, 0, 1, 1, 1, 1, 1],
  );
});

test('what was typed stands upon what somebody else changed meanwhile', () => {
  const before = { retries_on_previous: false, shadow_runs: 10, version: 3 };
  const now = { retries_on_previous: true, shadow_runs: 10, version: 4 };
  expect(carried(before, { retries: false, runs: '30' }, now)).toEqual({ retries: true, runs: '30' });
});
