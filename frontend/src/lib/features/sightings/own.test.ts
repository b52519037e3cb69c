import { expect, test } from 'vitest';
import type { EmbryoEventValue } from '$lib/api/types';
import { parseChord } from '$lib/keys/chord';
import { en } from '$lib/i18n/en';
import { added, changed, ownEventsOf, SEEN } from './own';

const value = (kind: string, first: number, last: number, verdict = 'added') => ({
  kind,
  first_frame: first,
  last_frame: last,
  verdict,
});
const COLLAPSE = { field: 'events.collapse@30', kind: 'collapse', first: 30, last: 33 };

test('only what a person added is one’s own; what was judged stays the machine’s', () => {
  const fields = {
    'events.reverse_cleavage@40': value('reverse_cleavage', 40, 41),
    'events.arrest@50': value('arrest', 50, 60, 'rejected'),
    'events.collapse@30': value('collapse', 30, 33),
    'onsets.t2': { frame_index: 3, source: 'own' },
  };
  expect(ownEventsOf(fields).map(({ field }) => field)).toEqual([
    'events.collapse@30',
    'events.reverse_cleavage@40',
  ]);
  expect(ownEventsOf(fields)[0]).toEqual(COLLAPSE);
});

test('what the machine saw in the very same frame is accepted instead of added a second time', () => {
  const machine = [
    { kind: 'collapse', first_frame: 30, last_frame: 33, confidence: 0.7, detail: '' },
  ] as EmbryoEventValue[];
  expect(added('collapse', 30, machine).value).toEqual(value('collapse', 30, 33, 'accepted'));
  expect(added('collapse', 29, machine)).toEqual({
    field: 'events.collapse@29',
    value: value('collapse', 29, 29),
  });
});

test('an end moves alone; a new beginning or kind is a new name, said in one deed', () => {
  expect(changed(COLLAPSE, { last: 40 })).toEqual([
    { field: COLLAPSE.field, value: value('collapse', 30, 40) },
  ]);
  expect(changed(COLLAPSE, { first: 31 })).toEqual([
    { field: COLLAPSE.field, value: null },
    { field: 'events.collapse@31', value: value('collapse', 31, 33) },
  ]);
});

test('a beginning never comes after its end: the one that is moved pushes the other', () => {
  expect(changed(COLLAPSE, { first: 50 }).at(-1)?.value).toEqual(value('collapse', 50, 50));
  expect(changed(COLLAPSE, { last: 20 }).at(-1)?.value).toEqual(value('collapse', 20, 20));
});

test('every kind has its own key and a name', () => {
  expect(new Set(SEEN.map(({ key }) => key)).size).toBe(SEEN.length);
  for (const { kind, key } of SEEN) {
    expect(parseChord(key)).toMatchObject({ ctrl: false, shift: false, alt: false });
    expect(en).toHaveProperty([`event.${kind}`]);
  }
});
