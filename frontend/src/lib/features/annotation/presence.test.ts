import { expect, test } from 'vitest';
import { alreadyHere } from './presence.svelte';

const NOW = Date.parse('2026-01-01T10:00:00Z');

const told = (user_id: string, second: number, place = 'A1', doing: 'looking' | 'editing' = 'looking') => ({
  place,
  user_id,
  name: `Dr ${user_id}`,
  doing,
  seen_at: new Date(Date.parse('2026-01-01T12:00:00Z') + second * 1000).toISOString(),
});

test('whoever told of this embryo a moment ago is here, however the clocks differ', () => {
  const here = alreadyHere([told('b', -12, 'A1', 'editing'), told('me', 0), told('c', 1)], 'A1', 'me', NOW);
  expect(here).toEqual([
    { user: 'b', name: 'Dr b', isEditing: true, at: NOW - 12_000 },
    { user: 'c', name: 'Dr c', isEditing: false, at: NOW },
  ]);
});

test('whoever is at another embryo, or was not heard of for long, is not', () => {
  expect(alreadyHere([told('b', -50), told('c', 0, 'A2'), told('me', 0)], 'A1', 'me', NOW)).toEqual([]);
});

test('without our own word there is no time to go by', () => {
  expect(alreadyHere([told('b', 0)], 'A1', 'me', NOW)).toEqual([]);
});
