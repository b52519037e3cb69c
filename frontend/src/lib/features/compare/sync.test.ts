import { expect, test } from 'vitest';
import { Sync } from './sync.svelte';

function running(isReady: (hour: number) => boolean): Sync {
  globalThis.requestAnimationFrame = () => 1;
  globalThis.cancelAnimationFrame = () => undefined;
  const sync = new Sync(isReady);
  sync.reach(10, 110);
  sync.play();
  sync.tick(performance.now());
  return sync;
}

test('the hour runs by the clock on the wall, not by the pictures drawn', () => {
  const sync = running(() => true);
  const [from, now] = [sync.hour, performance.now()];
  sync.tick(now + 100);
  sync.tick(now + 200);
  expect(sync.hour - from).toBeGreaterThan(0.7);
  expect(sync.hour - from).toBeLessThanOrEqual(0.85);
});

test('it waits for pictures that are on their way, but not for ever', () => {
  const sync = running(() => false);
  const now = performance.now();
  sync.tick(now + 100);
  expect(sync.hour).toBe(10);
  expect(sync.isWaiting).toBe(true);
  sync.tick(now + 2_300);
  expect(sync.hour).toBeGreaterThan(10);
});

test('it stops at the end and begins anew from there', () => {
  const sync = running(() => true);
  sync.seek(110);
  expect(sync.isPlaying).toBe(false);
  sync.play();
  expect(sync.hour).toBe(10);
});

test('nobody gets beyond the hours that were recorded', () => {
  const sync = running(() => true);
  sync.seek(-5);
  expect(sync.hour).toBe(10);
  sync.reach(40, 60);
  expect(sync.hour).toBe(40);
});
