import { expect, test } from 'vitest';
import type { Annotation } from '$lib/features/annotation/annotation.svelte';
import type { Change } from '$lib/keeping/edits';
import { overlaid } from '$lib/keeping/edits';
import type { Fields } from '$lib/keeping/fields';
import type { Calibration } from './calibration.svelte';
import { measurementsOf, valueOf } from './measurements';
import { Measuring } from './measuring.svelte';
import { barOf, crossesItself, sizeOf, type Point } from './sizes';

const KEPT = { um_per_px_x: 2, um_per_px_y: 3, basis: 'pitch', layout: '3x3', pitch_um: 400, run: 'r' };

/** A page of 200 x 100 pixels shown at twice its size, of which frame 7 is seen. */
function page(kept: typeof KEPT | null = KEPT) {
  const said: Change[][] = [];
  const state = { fields: {} as Fields, shown: 7 };
  const annotation = {
    mayEdit: true,
    others: [],
    page: {
      dish: {
        get shown() {
          return state.shown;
        },
        player: { plane: 1, pause: () => undefined },
        view: {
          scale: 2,
          stage: { width: 400, height: 200 },
          picture: { width: 200, height: 100 },
          toPicture: (x: number, y: number) => ({ x: x / 2, y: y / 2 }),
        },
      },
      seek: (frame: number) => (state.shown = frame),
    },
    reading: {
      get fields() {
        return state.fields;
      },
    },
    say: (changes: Change[]) => {
      said.push(changes);
      const edits = changes.map((change) => ({ ...change, id: '', base: null, reason: '' }));
      state.fields = overlaid(state.fields, edits);
    },
    remove: (field: string) => annotation.say([{ field, value: null }]),
  };
  const measuring = new Measuring(annotation as unknown as Annotation, { kept } as unknown as Calibration);
  const measured = () => measurementsOf(state.fields);
  return { measuring, measured, said, state };
}

test('lengths and areas are those that the server reckons', () => {
  const line: Point[] = [
    [10, 10],
    [40, 50],
  ];
  expect(sizeOf('line', line)).toEqual({ length: 50, area: null });
  expect(sizeOf('line', line, [2, 3]).length).toBeCloseTo(Math.hypot(60, 120));
  expect(sizeOf('circle', line)).toEqual({ length: 100, area: Math.PI * 2500 });
  const square: Point[] = [
    [0, 0],
    [10, 0],
    [10, 20],
    [0, 20],
  ];
  expect(sizeOf('polygon', square, [2, 0.5])).toEqual({ length: 60, area: 200 });
  expect(crossesItself(square)).toBe(false);
});

test('a line is drawn by keys alone: from the middle, ten steps at a time, and measured in micrometres', () => {
  const { measuring, measured } = page();
  measuring.start('line');
  expect(measuring.drawing?.at).toEqual([100, 50]);
  measuring.nudge(-10, 0);
  measuring.set();
  measuring.nudge(0, 10);
  measuring.set();
  expect(measuring.drawing).toBeNull();
  const [line] = measured();
  expect(line).toMatchObject({ kind: 'line', frame: 7, plane: 1, um: 30, um2: null, calibration: KEPT });
  expect(line?.points).toEqual([
    [90, 50],
    [90, 60],
  ]);
  expect(measuring.chosen).toBe(line?.id);
});

test('where the lab has entered nothing it measures pixels and says so by having no micrometres', () => {
  const { measuring, measured } = page(null);
  measuring.start('circle');
  measuring.set();
  measuring.nudge(5, 0);
  measuring.set();
  expect(measured()[0]).toMatchObject({ um: null, um2: null, calibration: null });
  expect(
    measuring.sizeOf('line', [
      [0, 0],
      [3, 4],
    ]),
  ).toEqual({
    size: { length: 5, area: null },
    isCalibrated: false,
  });
});

test('an outline is closed by its last corner set again, and not while its sides cross', () => {
  const { measuring, measured } = page();
  measuring.start('polygon');
  for (const at of [
    [10, 10],
    [40, 40],
    [40, 10],
    [10, 40],
  ] as const) {
    measuring.point(at);
    measuring.set();
  }
  measuring.set();
  expect(measured()).toEqual([]);
  measuring.back();
  measuring.point([41, 10]);
  measuring.point([10, 11]);
  measuring.set();
  expect(measured()[0]).toMatchObject({ kind: 'polygon', um2: 450 * 6 });
});

test('what was begun on one frame is not ended on another', () => {
  const { measuring, measured, state } = page();
  measuring.start('line');
  measuring.set();
  state.shown = 8;
  measuring.nudge(4, 0);
  measuring.set();
  expect(measured()).toEqual([]);
  expect(measuring.drawing).toMatchObject({ frame: 8, points: [[104, 50]] });
});

test('the last point is taken back, then the tool put down; a point stays within the picture', () => {
  const { measuring } = page();
  measuring.start('line');
  measuring.point([-5, 500]);
  expect(measuring.drawing?.at).toEqual([0, 100]);
  measuring.set();
  measuring.back();
  expect(measuring.drawing?.points).toEqual([]);
  measuring.back();
  expect(measuring.drawing).toBeNull();
  measuring.start('line');
  measuring.start('line');
  expect(measuring.drawing).toBeNull();
});

test('a point that is dragged is said once, where it is let go, and the name stays', () => {
  const { measuring, measured, said } = page();
  measuring.start('line');
  measuring.set();
  measuring.nudge(10, 0);
  measuring.set();
  const [line] = measured();
  if (!line) throw new Error('nothing was measured');
  measuring.rename(line, 'zona');
  measuring.hold(line.id, 1, [120, 50]);
  measuring.hold(line.id, 1, [130, 50]);
  expect(said).toHaveLength(2);
  measuring.letGo();
  expect(measured()[0]).toMatchObject({ label: 'zona', um: 60 });
  measuring.remove(line);
  expect(measured()).toEqual([]);
});

test('what the server tells of a measurement reads back as what was said', () => {
  const told = {
    ...(valueOf({
      kind: 'line',
      frame: 3,
      plane: 0,
      points: [
        [1, 2],
        [3, 4],
      ],
      label: 'a',
      calibration: null,
    }) as object),
    px: 2.83,
    px2: null,
    hours_post_insemination: 21.5,
  };
  expect(measurementsOf({ 'measurements.m': told, 'grades.icm': 'A', 'measurements.n': 'x' })).toEqual([
    {
      id: 'm',
      kind: 'line',
      frame: 3,
      plane: 0,
      points: [
        [1, 2],
        [3, 4],
      ],
      label: 'a',
      um: null,
      um2: null,
      calibration: null,
    },
  ]);
});

test('a scale bar has a round length, and is as long as there is room for', () => {
  expect(barOf(2, 120)).toEqual({ um: 50, px: 100 });
  expect(barOf(0.5, 120)).toEqual({ um: 200, px: 100 });
  expect(barOf(1.2, 120)).toEqual({ um: 100, px: 120 });
  for (const perUm of [0.013, 0.4, 3.1, 47]) {
    const { um, px } = barOf(perUm, 120);
    expect(px / um).toBeCloseTo(perUm);
    expect(px).toBeLessThanOrEqual(120);
    expect(px).toBeGreaterThan(48);
  }
});
