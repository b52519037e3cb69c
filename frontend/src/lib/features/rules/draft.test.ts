import { describe, expect, it } from 'vitest';
import { typed, wants, without } from './draft';

it('asks for the thresholds that the operator needs', () => {
  expect(wants('between')).toEqual({ low: true, high: true });
  expect(wants('<=')).toEqual({ low: false, high: true });
  expect(wants('>')).toEqual({ low: true, high: false });
  expect(wants('present')).toEqual({ low: false, high: false });
});

describe('a typed threshold', () => {
  it('may have a comma', () => expect(typed('48,8')).toBe(48.8));
  it('is missing where nothing or nonsense was typed', () => {
    expect(typed('  ')).toBeNull();
    expect(typed('soon')).toBeNull();
  });
  it('may be nought', () => expect(typed('0')).toBe(0));
});

it('keeps what grades need when a criterion before it goes', () => {
  const grades = [
    { name: 'A', needs: [0, 1, 2] },
    { name: 'B', needs: [2] },
  ];
  expect(without(grades, 1)).toEqual([
    { name: 'A', needs: [0, 1] },
    { name: 'B', needs: [1] },
  ]);
});
