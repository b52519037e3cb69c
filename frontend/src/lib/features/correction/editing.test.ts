import { expect, test, vi } from 'vitest';
import type { CorrectionValue } from '$lib/api/types';
import type { Value } from '$lib/keeping/fields';
import type { DishPage } from '$lib/features/dish/page.svelte';
import { MemoryKeeper } from '$lib/keeping/keeper';
import { Versioned } from '$lib/keeping/versioned.svelte';
import { Corrections } from './corrections.svelte';
import { Editing } from './editing.svelte';
import { fieldsOf } from './fields';

const NONE: CorrectionValue = {
  stack: 's',
  version: 0,
  layout: '',
  unusable: [],
  wells: {},
  corrected_by: {},
};

/** A dish of one row in which the machine found A1 and A2, at frame 5; nothing is ever sent. */
function opened(chosen: string | null = 'A1') {
  const corrections = new Corrections(() => 'Boris');
  const server = { load: async () => NONE, change: () => new Promise<CorrectionValue>(() => undefined) };
  void corrections.open(new Versioned({ name: 'd', server, fieldsOf, keeper: new MemoryKeeper() }));
  const marks = ['A1', 'A2'].map((name, at) => ({ name, cx: 50 + at * 100, cy: 50, rx: 20, ry: 20 }));
  const page = {
    corrections,
    chosen,
    shown: 5,
    mayEdit: true,
    player: null,
    rows: marks,
    marks: { standing: 'known', marks },
    view: {
      picture: { width: 400, height: 200 },
      stage: { width: 400, height: 200 },
      toPicture: (x: number, y: number) => ({ x, y }),
    },
    state: { wells: marks, key_frames: [], run: { layout: '1x3' }, dish: { layout: '' } },
    choose: (name: string | null) => void (page.chosen = name),
  };
  const editing = new Editing(page as unknown as DishPage);
  const held = (field: string): Value | undefined => corrections.fields[field];
  return { editing, corrections, page, held };
}

test('a content is said from the shown frame on, or throughout, and can be taken back', () => {
  const { editing, held } = opened();
  editing.setContent('gas');
  expect(held('wells.A1.content')).toEqual([{ from_frame: 5, content: 'gas' }]);
  editing.scope = 'throughout';
  editing.setContent('embryo');
  expect(held('wells.A1.content')).toEqual([{ from_frame: 0, content: 'embryo' }]);
  editing.setContent(null);
  expect(held('wells.A1.content')).toBeUndefined();
});

test('nudges are sent as one once the keys rest', () => {
  vi.useFakeTimers();
  const { editing, corrections, held } = opened();
  editing.nudge({ dx: 1 });
  expect([held('wells.A1.box'), corrections.draft?.value]).toEqual([
    undefined,
    { frame_index: 5, box: [31, 30, 71, 70] },
  ]);
  vi.advanceTimersByTime(700);
  expect(held('wells.A1.box')).toEqual({ frame_index: 5, box: [31, 30, 71, 70] });
  vi.useRealTimers();
});

test('leaving sends what was still being moved', () => {
  const { editing, held } = opened();
  editing.enter();
  editing.nudge({ dy: 10 });
  editing.leave();
  expect([editing.isOn, held('wells.A1.box')]).toEqual([false, { frame_index: 5, box: [30, 40, 70, 80] }]);
});

test('a missing well is added at its place of the lattice and chosen', () => {
  const { editing, page, held } = opened(null);
  expect(editing.free).toEqual(['A3']);
  editing.add('A3');
  expect([page.chosen, held('wells.A3.is_added')]).toEqual(['A3', true]);
  // Its row is known by the others; for its column the middle of what is seen stands in.
  expect(held('wells.A3.box')).toEqual({ frame_index: 5, box: [180, 30, 220, 70] });
});

test('an added well that is removed leaves nothing behind, and the machine’s under it does not come back', () => {
  const { editing, page, corrections, held } = opened(null);
  editing.add('A3');
  editing.remove();
  expect([corrections.fields, page.chosen]).toEqual([{}, null]);
  page.choose('A2');
  editing.remove();
  editing.add('A2');
  editing.remove();
  expect([held('wells.A2.is_removed'), held('wells.A2.box')]).toEqual([true, undefined]);
});

test('a frame is marked and unmarked, and the lattice the machine found is no correction', () => {
  const { editing, held } = opened();
  editing.mark([6, 8]);
  editing.toggleFrame();
  expect(held('unusable')).toEqual([[5, 8]]);
  editing.unmark([5, 8]);
  expect(held('unusable')).toBeUndefined();
  editing.setLayout('2x3');
  expect([held('layout'), editing.layout]).toEqual(['2x3', '2x3']);
  editing.setLayout('1x3');
  expect(held('layout')).toBeUndefined();
});
