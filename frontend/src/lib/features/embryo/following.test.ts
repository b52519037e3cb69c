import { expect, test } from 'vitest';
import { View } from '$lib/features/dish/view.svelte';
import { Following } from './following';

function opened(): { view: View; following: Following } {
  const view = new View();
  view.picture = { width: 2000, height: 1500 };
  view.stage = { width: 600, height: 500 };
  return { view, following: new Following(view) };
}

const well = (cx: number, cy: number) => ({ cx, cy, rx: 100, ry: 100 });
const centre = (view: View) => {
  const { x, y } = view.toPicture(view.stage.width / 2, view.stage.height / 2);
  return [Math.round(x), Math.round(y)];
};

test('the well stays in the middle while the dish shifts', () => {
  const { view, following } = opened();
  following.follow(well(900, 700));
  expect(centre(view)).toEqual([900, 700]);
  following.follow(well(912, 694));
  expect(centre(view)).toEqual([912, 694]);
  expect(following.isWhole).toBe(true);
});

test('where a person panned and zoomed to stays against the well, until the whole well is asked for', () => {
  const { view, following } = opened();
  following.follow(well(900, 700));
  const zoom = view.zoom;
  view.zoomAt(1.5);
  view.panBy(-30 * view.scale, 10 * view.scale);
  expect(centre(view)).toEqual([930, 690]);
  expect(following.isWhole).toBe(false);
  following.follow(well(905, 705));
  expect(centre(view)).toEqual([935, 695]);
  expect(view.zoom).toBeCloseTo(zoom * 1.5);
  following.reset();
  expect(centre(view)).toEqual([905, 705]);
  expect(view.zoom).toBeCloseTo(zoom);
  expect(following.isWhole).toBe(true);
});

test('another size of the stage is nobody’s wish', () => {
  const { view, following } = opened();
  following.follow(well(900, 700));
  view.stage = { width: 900, height: 800 };
  following.follow(well(900, 700));
  expect(following.isWhole).toBe(true);
  expect(centre(view)).toEqual([900, 700]);
});

test('a well at the edge of the picture does not wander off while the dish trembles', () => {
  const { view, following } = opened();
  following.follow(well(40, 700));
  const before = centre(view);
  for (let turn = 0; turn < 50; turn += 1) following.follow(well(40 + (turn % 2) * 6, 700));
  following.follow(well(40, 700));
  expect(centre(view)).toEqual(before);
});
