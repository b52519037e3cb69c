import { expect, test } from 'vitest';
import { match } from './match';

test('names in a pattern take their values from the path', () => {
  expect(match('/dishes/:id', '/dishes/a%20b')).toEqual({ id: 'a b' });
  expect(match('/dishes/:id', '/dishes/a/')).toEqual({ id: 'a' });
  expect(match('/', '/')).toEqual({});
});

test('another path is no match', () => {
  expect(match('/dishes/:id', '/dishes')).toBeNull();
  expect(match('/dishes/:id', '/labs/a')).toBeNull();
});
