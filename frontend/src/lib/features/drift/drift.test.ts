import { expect, test } from 'vitest';
import { somebody } from '$lib/features/detectors/fixtures';
import type { Incubator, Recalibration } from '$lib/features/detectors/types';
import { coursesOf, pointsOf } from './course';
import { LabDrift } from './drift.svelte';
import { isGain, rowsOf } from './fitted';

const moved = (middle: number, shift: number | null, is_alarming = false) =>
  ({ name: 'brightness', middle, low: middle, high: middle, shift, is_alarming }) as const;
const incubator: Incubator = {
  name: 'GERI 2',
  reference_runs: 5,
  reference_from: '2026-10-05T00:00:00Z',
  levels: [{ name: 'brightness', middle: 0.5, spread: 0.01 }],
  weeks: [
    { starts_on: '2026-10-12', runs: 4, figures: [moved(0.55, 5, true)] },
    { starts_on: '2026-10-05', runs: 5, figures: [moved(0.5, 0)] },
    { starts_on: '2026-10-19', runs: 1, figures: [moved(0.54, null)] },
  ],
  alarms: ['brightness'],
};

test('weeks stand in order within the band, and an alarm is told of the last week that could be judged', () => {
  const [course, ...others] = coursesOf(incubator, 4);
  expect(others).toEqual([]);
  expect([course?.isAlarming, course?.shift]).toEqual([true, 5]);
  expect(course?.weeks.map(({ startsOn }) => startsOn)).toEqual(['2026-10-05', '2026-10-12', '2026-10-19']);
  const [low, high] = course?.band ?? [0, 0];
  expect([low, high].map((end) => Math.round(end * 1e6) / 1e6)).toEqual([0.46, 0.54]);
});

test('a plot knows which weeks alarm, and has no band before the beginning is known', () => {
  const [course] = coursesOf({ ...incubator, levels: [] }, 4);
  if (!course) throw new Error('no course');
  const [, low, high, middles, alarming] = pointsOf(course);
  expect([low, high]).toEqual([
    [null, null, null],
    [null, null, null],
  ]);
  expect(middles).toEqual([0.5, 0.55, 0.54]);
  expect(alarming).toEqual([null, 0.55, null]);
});

const measured = {
  surprise: 1.2,
  accuracy: 0.6,
  calibration_error: 0.1,
  coverage_90: null,
  width_h: null,
  onsets: 9,
};
const figures: NonNullable<Recalibration['figures']> = {
  embryos: 20,
  patients: 6,
  frames: 900,
  before: measured,
  after: { ...measured, surprise: 1 },
  gain: { surprise: 0.2, low: -0.01, high: 0.4 },
  temperature: [1, 1.4],
  hours_apart: [0.5, 2],
};

test('before and after stand side by side, and an interval over zero is no gain', () => {
  const rows = rowsOf(figures);
  expect(rows[0]).toEqual({ name: 'surprise', before: 1.2, after: 1, isShare: false });
  expect(rows.find(({ name }) => name === 'temperature')).toMatchObject({ before: 1, after: 1.4 });
  expect([isGain(figures), isGain({ ...figures, gain: { surprise: 0.2, low: 0.1, high: 0.3 } })]).toEqual([
    false,
    true,
  ]);
});

test('recalibrating needs embryos and patients enough, and one at a time', async () => {
  const server = { embryos: 12, patients: 3 };
  const { app } = somebody(({ method, path }) => {
    if (path.endsWith('/drift/')) return { incubators: [], alarming_spreads: 4 };
    const one = { id: 'r', state: 'queued' };
    if (method === 'POST') return one;
    const { embryos, patients } = server;
    return { embryos, patients, least_embryos: 12, least_patients: 4, recalibrations: [] };
  });
  const drift = new LabDrift(app, 'l');
  await drift.load();
  expect([drift.isEnough, drift.underWay]).toEqual([false, null]);
  server.patients = 4;
  await drift.load();
  expect(drift.isEnough).toBe(true);
  await drift.start();
  expect([drift.underWay?.id, drift.ended]).toEqual(['r', []]);
});

test('a recalibration that ended elsewhere is shown without anybody asking', async () => {
  const server = { state: 'queued' };
  const { app } = somebody(({ path }) => {
    if (path.endsWith('/drift/')) return { incubators: [], alarming_spreads: 4 };
    const recalibrations = [{ id: 'r', state: server.state }];
    return { embryos: 12, patients: 4, least_embryos: 12, least_patients: 4, recalibrations };
  });
  const drift = new LabDrift(app, 'l');
  await drift.load();
  expect(drift.underWay?.id).toBe('r');
  server.state = 'finished';
  drift.hear({
    type: 'recalibration.changed',
    recalibration_id: 'r',
    state: 'finished',
    weights_id: 'w',
  });
  await expect.poll(() => [drift.underWay, drift.ended.length]).toEqual([null, 1]);
});
