import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Refusal, unreachable } from '$lib/api/refusal';
import type { CorrectionValue } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import { MemoryKeeper, type Keeper } from '$lib/keeping/keeper';
import { ChangedMeanwhile, type Server } from '$lib/keeping/server';
import { Versioned } from '$lib/keeping/versioned.svelte';
import { Corrections } from './corrections.svelte';
import { fieldsOf } from './fields';

/** Keeps layouts and removals as the server does: one version for all, and 412 for whoever knew an older one. */
class Desk implements Server<CorrectionValue> {
  held: CorrectionValue = { stack: 's', version: 0, layout: '', unusable: [], wells: {}, corrected_by: {} };
  writes: Change[][] = [];
  trouble: Error | null = null;
  loads = 0;

  async load(): Promise<CorrectionValue> {
    this.loads += 1;
    if (this.trouble) throw this.trouble;
    return this.held;
  }

  async change(version: number, changes: Change[]): Promise<CorrectionValue> {
    await Promise.resolve();
    if (this.trouble) throw this.trouble;
    if (version !== this.held.version) throw new ChangedMeanwhile(this.held);
    this.writes.push(changes);
    return this.write(changes, 'me');
  }

  write(changes: Change[], name: string): CorrectionValue {
    const next = structuredClone(this.held);
    for (const { field, value } of changes) {
      if (field === 'layout') next.layout = String(value ?? '');
      else next.wells = value === null ? {} : { [field.split('.')[1] ?? '']: { is_removed: true } };
      next.corrected_by[field] = { by_name: name, at: '2026-03-01T10:00:00Z' };
    }
    this.held = { ...next, version: next.version + 1 };
    return this.held;
  }
}

const open = async (desk: Desk, keeper: Keeper = new MemoryKeeper()): Promise<Corrections> => {
  const corrections = new Corrections(() => 'Boris');
  await corrections.open(
    new Versioned({ name: 'd', server: desk, fieldsOf, keeper, pauseMs: 0, retryMs: 1000 }),
  );
  return corrections;
};
const settle = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a correction stands at once, under one’s own name, and then as the server tells it', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  corrections.say([{ field: 'layout', value: '2x2' }]);
  expect(corrections.corrected).toMatchObject({ layout: '2x2', layoutBy: { name: 'Boris', at: null } });
  await settle();
  expect(corrections.saved).toBe('saved');
  expect(corrections.corrected.layoutBy).toEqual({ name: 'me', at: '2026-03-01T10:00:00Z' });
});

test('what a colleague corrected elsewhere is kept, and mine is sent again on top', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  desk.write([{ field: 'wells.A1.is_removed', value: true }], 'Anna');
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  expect([desk.held.layout, desk.held.wells, corrections.conflicts]).toEqual([
    '2x2',
    { A1: { is_removed: true } },
    [],
  ]);
});

test('where both corrected the same, both values are shown until one is chosen', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  desk.write([{ field: 'layout', value: '3x3' }], 'Anna');
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  expect(corrections.saved).toBe('conflict');
  expect(corrections.conflicts).toMatchObject([{ field: 'layout', mine: '2x2', theirs: '3x3' }]);
  expect([corrections.corrected.layout, desk.writes]).toEqual(['3x3', []]);
  corrections.choose('layout', 'mine');
  await settle();
  expect([desk.held.layout, corrections.saved]).toEqual(['2x2', 'saved']);
});

test('their value stands when it is chosen, and nothing is sent', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  desk.write([{ field: 'layout', value: '3x3' }], 'Anna');
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  corrections.choose('layout', 'theirs');
  await settle();
  expect([corrections.corrected.layout, desk.writes, corrections.saved]).toEqual(['3x3', [], 'saved']);
});

test('news of the dish is read again, old news and news of other dishes are not', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  const news = (stack_id: string, version: number) =>
    corrections.hear({ event: { type: 'correction.changed', stack_id, version } });
  desk.write([{ field: 'layout', value: '3x3' }], 'Anna');
  news('other', 1);
  news('s', 0);
  expect(desk.loads).toBe(1);
  news('s', 1);
  await settle();
  expect([desk.loads, corrections.corrected.layout]).toEqual([2, '3x3']);
});

test('a server that is away gets it later; one that refuses says so, and it can be given up', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  desk.trouble = unreachable();
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  expect([corrections.saved, corrections.corrected.layout]).toEqual(['waiting', '2x2']);
  desk.trouble = null;
  await vi.advanceTimersByTimeAsync(1100);
  expect([corrections.saved, desk.held.layout]).toEqual(['saved', '2x2']);
  desk.trouble = new Refusal('invalid_value', 'no', { status: 400 });
  corrections.say([{ field: 'layout', value: '9x9' }]);
  await settle();
  expect(corrections.saved).toBe('refused');
  corrections.discard();
  expect([corrections.saved, corrections.corrected.layout]).toEqual(['saved', '2x2']);
});

test('what waited when the page was closed is there in the next, and merged with what was corrected since', async () => {
  const [desk, keeper] = [new Desk(), new MemoryKeeper()];
  const corrections = await open(desk, keeper);
  desk.trouble = unreachable();
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  corrections.close();
  await settle();
  desk.write([{ field: 'wells.A1.is_removed', value: true }], 'Anna');
  const later = await open(desk, keeper);
  expect([later.saved, later.waiting, later.corrected.layout]).toEqual(['waiting', 1, '2x2']);
  desk.trouble = null;
  await vi.advanceTimersByTimeAsync(1100);
  expect([later.saved, desk.held.layout, desk.held.wells]).toEqual([
    'saved',
    '2x2',
    { A1: { is_removed: true } },
  ]);
});

test('a deed can be undone after a reload too', async () => {
  const [desk, keeper] = [new Desk(), new MemoryKeeper()];
  const corrections = await open(desk, keeper);
  corrections.say([{ field: 'layout', value: '2x2' }]);
  await settle();
  corrections.close();
  const later = await open(desk, keeper);
  later.undo();
  await settle();
  expect(desk.held.layout).toBe('');
});

test('a deed can be undone and done again', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  corrections.say([{ field: 'wells.A1.is_removed', value: true }]);
  await settle();
  corrections.undo();
  await settle();
  expect([desk.held.wells, corrections.canUndo, corrections.canRedo]).toEqual([{}, false, true]);
  corrections.redo();
  await settle();
  expect(desk.held.wells).toEqual({ A1: { is_removed: true } });
});

test('a box that is being moved shows and is not sent', async () => {
  const desk = new Desk();
  const corrections = await open(desk);
  const value = { frame_index: 0, box: [0, 0, 10, 10] };
  corrections.draft = { field: 'wells.A1.box', value };
  expect(corrections.corrected.wells.get('A1')).toMatchObject({ box: value, boxBy: { name: 'Boris' } });
  await settle();
  expect(desk.writes).toEqual([]);
});
