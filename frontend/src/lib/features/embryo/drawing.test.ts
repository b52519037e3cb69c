import { expect, test } from 'vitest';
import type { Axis } from './axis';
import { surenessCourse } from './drawing';
import type { CalledFrames } from './profile';

test('a single unsure frame among thousands is not lost between the points that are drawn', () => {
  const frame_index = Array.from({ length: 4000 }, (_, frame) => frame);
  const confidence = frame_index.map((frame) => (frame === 1234 ? 0.1 : 0.95));
  const axis = { at: (frame: number) => frame / 3999 } as Axis;
  const [xs, ys] = surenessCourse({ frame_index, confidence } as CalledFrames, axis);
  expect(xs.length).toBeLessThanOrEqual(400);
  expect(xs[ys.indexOf(0.1)]).toBeCloseTo(1234 / 3999);
  expect([...xs].sort((a, b) => a - b)).toEqual(xs);
});
