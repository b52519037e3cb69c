import { expect, test } from 'vitest';
import { Ghost, ghostFrame } from './ghost.svelte';

test('onion skin shows the last onset before the frame, and without one the frame before', () => {
  expect(ghostFrame('onion', 50, [10, 40, 50, 60])).toBe(40);
  expect(ghostFrame('onion', 10, [10, 40])).toBe(9);
  expect(ghostFrame('onion', 0, [])).toBeNull();
});

test('the difference is to the frame before, whatever began when', () => {
  expect(ghostFrame('difference', 50, [10, 40])).toBe(49);
  expect(ghostFrame('none', 50, [10, 40])).toBeNull();
});

test('one is shown at a time, laid so that the well does not move', () => {
  const ghost = new Ghost(() => 20);
  ghost.lay({ turns: () => [12], shiftOf: (from, to) => ({ dx: to - from, dy: 1 }) });
  expect([ghost.frame, ghost.shift()]).toEqual([null, { dx: 0, dy: 0 }]);
  ghost.toggle('onion');
  expect([ghost.frame, ghost.shift()]).toEqual([12, { dx: 8, dy: 1 }]);
  ghost.toggle('difference');
  expect([ghost.mode, ghost.frame]).toEqual(['difference', 19]);
  ghost.toggle('difference');
  expect(ghost.mode).toBe('none');
});
