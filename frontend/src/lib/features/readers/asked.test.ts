import { expect, test } from 'vitest';
import type { Member } from '$lib/api/types';
import { askedOf, byDish, openFirst, readersAmong, tickedFirst, type Assignment, type Well } from './asked';

const asked = (place: string, change: Partial<Assignment> = {}): Assignment => ({
  id: `${change.dish ?? 'd1'}-${place}`,
  stack: 's',
  dish: 'd1',
  dish_label: '24-117',
  place,
  reader: { id: 'ben', name: 'Ben' },
  is_blind: true,
  by_name: 'Ada',
  created_at: '2026-01-01T00:00:00Z',
  done_at: null,
  ...change,
});

const member = (id: string, role: Member['role']): Member => ({
  id: `member of ${id}`,
  role,
  user: { id, name: id, email: `${id}@example.org` },
});

const WELLS: Well[] = [
  { place: 'A1', content: 'embryo' },
  { place: 'A2', content: 'empty' },
  { place: 'A3', content: 'embryo_gas' },
  { place: 'B1', content: null },
];

test('only colleagues who can write a reading are asked', () => {
  const members = [member('ada', 'admin'), member('ben', 'embryologist'), member('vic', 'viewer')];
  expect(readersAmong(members, 'ada').map(({ user }) => user.id)).toEqual(['ben']);
});

test('the chosen well is ticked, else every embryo', () => {
  expect(tickedFirst(WELLS, 'A2')).toEqual(['A2']);
  expect(tickedFirst(WELLS, null)).toEqual(['A1', 'A3']);
  expect(tickedFirst(WELLS, 'J9')).toEqual(['A1', 'A3']);
});

test('what a reader was asked already is known by place', () => {
  const all = [asked('A1'), asked('A3', { done_at: '2026-01-02T00:00:00Z' })];
  expect([...askedOf(all, 'ben')]).toEqual([
    ['A1', 'open'],
    ['A3', 'done'],
  ]);
  expect(askedOf(all, 'eve').size).toBe(0);
});

test('open ones come first, otherwise the order stays', () => {
  const all = [asked('A1', { done_at: '2026-01-02T00:00:00Z' }), asked('B1'), asked('A3')];
  expect(openFirst(all).map(({ place }) => place)).toEqual(['B1', 'A3', 'A1']);
  expect(all[0]?.place).toBe('A1');
});

test('my own are told dish by dish', () => {
  const all = [asked('A1'), asked('C2', { dish: 'd2', dish_label: '24-118' }), asked('A3')];
  expect(byDish(all).map(({ label, assignments }) => [label, assignments.map(({ place }) => place)])).toEqual(
    [
      ['24-117', ['A1', 'A3']],
      ['24-118', ['C2']],
    ],
  );
});
