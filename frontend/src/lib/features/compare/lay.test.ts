import { expect, test } from 'vitest';
import { layOf, moved } from './lay';

test('sixteen embryos fit the window, in rows that fill it', () => {
  const { columns, side } = layOf(16, 1300, 760, 8);
  expect(columns).toBeGreaterThanOrEqual(4);
  expect(Math.ceil(16 / columns) * (side + 76 + 8)).toBeLessThanOrEqual(840);
});

test('two embryos stand beside each other', () => {
  expect(layOf(2, 1300, 700, 8).columns).toBe(2);
});

test('arrows lead through the grid and stop at its edges', () => {
  expect(moved(4, 9, 3, 'right')).toBe(5);
  expect(moved(4, 9, 3, 'up')).toBe(1);
  expect(moved(8, 9, 3, 'down')).toBe(8);
  expect(moved(0, 9, 3, 'left')).toBe(0);
  expect(moved(-1, 9, 3, 'right')).toBe(0);
});

test('down from above the gap of a short last row leads to its last embryo', () => {
  expect(moved(2, 5, 3, 'down')).toBe(4);
});
