import { expect, test } from 'vitest';
import { Clock } from '$lib/features/dish/clock';
import { Timetable } from './timetable';

const table = (hours: (number | null)[]): Timetable =>
  new Timetable(new Clock({ hours_post_insemination: hours, hours_since_start: [] }, hours.length));

test('each recording shows the frame nearest to the hour by its own times', () => {
  const [often, seldom] = [table([10, 10.1, 10.2, 10.5]), table([9, 10, 12, 14])];
  expect(often.at(10.18)).toEqual({ frame: 2, reach: 'within' });
  expect(seldom.at(10.18)).toEqual({ frame: 1, reach: 'within' });
  expect(seldom.at(11.2)).toEqual({ frame: 2, reach: 'within' });
});

test('an hour outside the recording is told as such and not shown as if it were of that hour', () => {
  const recording = table([20, 21, 22]);
  expect(recording.at(12)).toEqual({ frame: 0, reach: 'before' });
  expect(recording.at(30)).toEqual({ frame: 2, reach: 'after' });
  expect(recording.at(22.2)).toEqual({ frame: 2, reach: 'within' });
  expect(recording.at(22.4)).toEqual({ frame: 2, reach: 'after' });
});

test('frames without a time are never shown for an hour', () => {
  expect(table([5, null, null, 8]).at(6)).toEqual({ frame: 0, reach: 'within' });
});

test('stepping goes from frame to frame, also over a pause of the recorder', () => {
  const recording = table([1, 1.5, 9, 9.5]);
  expect(recording.after(1.5, 1)).toBe(9);
  expect(recording.after(9, -2)).toBe(1);
  expect(recording.after(9.5, 10)).toBe(9.5);
});
