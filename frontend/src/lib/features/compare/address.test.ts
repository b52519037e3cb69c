import { expect, test } from 'vitest';
import { compareAddress, dishAddress, itemsOf } from './address';

const many = Array.from({ length: 20 }, (_, n) => `A${n + 1}`);

test('an address names each embryo once, in the order that was asked for', () => {
  expect(itemsOf('d:B2,d:A1,e:A1,d:B2')).toEqual([
    { dish: 'd', place: 'B2' },
    { dish: 'd', place: 'A1' },
    { dish: 'e', place: 'A1' },
  ]);
});

test('what is no embryo is left out of an address', () => {
  expect(itemsOf(null)).toEqual([]);
  expect(itemsOf('d,:A1,,d:')).toEqual([]);
});

test('an address that was made is read as it was meant', () => {
  const items = [
    { dish: 'd', place: 'A1' },
    { dish: 'e', place: 'C3' },
  ];
  const { searchParams } = new URL(compareAddress(items), 'http://lab');
  expect(itemsOf(searchParams.get('items'))).toEqual(items);
});

test('of a dish with too many embryos the chosen one is always among those compared', () => {
  const { searchParams } = new URL(dishAddress('d', many, 'A20'), 'http://lab');
  const items = itemsOf(searchParams.get('items'));
  expect(items).toHaveLength(16);
  expect(items[0]?.place).toBe('A20');
  expect(searchParams.get('at')).toBe('d:A20');
});
