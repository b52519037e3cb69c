import { expect, test } from 'vitest';
import type {
  CallValue,
  Delivered,
  DishSnapshot,
  LiveEvent,
  ProfileValue,
  RunValue,
  WellValue,
} from '$lib/api/types';
import { fromSnapshot, reduce, type DishState } from './dish';

const run = (id: string, change: Partial<RunValue> = {}): RunValue => ({
  id,
  stack: 's',
  dish: 'd',
  dish_label: '24-117',
  weights_name: 'wells',
  stager_name: 'stages',
  state: 'queued',
  attempts: 0,
  frames_done: 0,
  frames_total: 3,
  layout: '',
  error: null,
  created_at: `2026-01-0${id}T00:00:00Z`,
  started_at: null,
  finished_at: null,
  ...change,
});

const well = (name: string, content: WellValue['content'] = 'embryo'): WellValue => ({
  row: name.charCodeAt(0) - 65,
  column: Number(name.slice(1)) - 1,
  name,
  box: [0, 0, 10, 10],
  content,
  confidence: 0.9,
  content_probabilities: {},
  is_filled_in: false,
});

const empty = (): DishSnapshot => ({
  dish: {
    id: 'd',
    lab: 'l',
    label: '24-117',
    layout: '',
    patient_code: 'P',
    cycle: '6f1cb6f5-6f0b-4b0e-9d38-6d8f5d1f0c11',
    cycle_label: '1',
    method: 'icsi',
    created_at: '',
    incubator: '',
    stack: null,
    run: null,
    well_counts: { empty: 0, embryo: 0, gas: 0, embryo_gas: 0 },
    alert_count: 0,
  },
  live_seq: 0,
  hidden_places: [],
  calls: {},
  run: null,
  runs: [],
  wells: [],
  key_frames: [],
  content_changes: [],
  alerts: [],
  profiles: [],
});

const found = (
  runId: string,
  wells: WellValue[],
  frame = 0,
  { layout = '1x2', isSure = true } = {},
): LiveEvent => ({
  type: 'wells.found',
  run_id: runId,
  frame_index: frame,
  layout,
  wells,
  is_lattice_consistent: isSure,
  lattice_residual_px: 1.5,
  reason: '',
});

const call = (frame: number, stage: CallValue['stage'] = 't2'): CallValue => ({
  frame_index: frame,
  hours_post_insemination: null,
  stage,
  coarse: 'cleavage',
  confidence: 0.8,
});

const profile = (name: string, last: number, change: Partial<ProfileValue> = {}): ProfileValue => ({
  row: name.charCodeAt(0) - 65,
  column: Number(name.slice(1)) - 1,
  name,
  is_final: false,
  is_coarse: false,
  frames_called: last + 1,
  last: call(last),
  onsets: [],
  intervals: [],
  events: [],
  ...change,
});

const called = (runId: string, name: string, calls: CallValue[]): LiveEvent => {
  const { row, column } = profile(name, 0);
  return { type: 'stages.called', run_id: runId, row, column, name, calls };
};

const decoded = (runId: string, told: ProfileValue): LiveEvent => ({
  type: 'profile.decoded',
  run_id: runId,
  profile: told,
});

const STORY: LiveEvent[] = [
  { type: 'run.queued', run: run('1') },
  { type: 'run.started', run: run('1', { state: 'running', attempts: 1 }) },
  found('1', [well('A1'), well('A2', 'gas')]),
  { type: 'alert.raised', run_id: '1', kind: 'gas_in_well', frame_index: 0, place: 'A2', detail: '' },
  called('1', 'A1', [call(0)]),
  { type: 'run.progressed', run_id: '1', frames_done: 2, frames_total: 3 },
  decoded('1', profile('A1', 1)),
  called('1', 'A1', [call(2)]),
  { type: 'well.classified', run_id: '1', frame_index: 2, well: well('A2', 'empty'), previous: 'gas' },
  { type: 'frames.followed', run_id: '1', first_frame: 0, frames: 3 },
  decoded('1', profile('A1', 2, { is_final: true })),
  { type: 'dish.settled', run_id: '1', layout: '1x2', wells: [well('A1'), well('A2', 'gas')] },
  {
    type: 'run.ended',
    run: run('1', { state: 'finished', attempts: 1, frames_done: 3, layout: '1x2' }),
  },
];

const delivered = (event: LiveEvent, seq: number): Delivered => ({
  type: 'event',
  topic: 'dish.d',
  seq,
  at: '',
  event,
});

const tell = (state: DishState, events: LiveEvent[], from = state.live_seq): DishState =>
  events.reduce((now, event, index) => reduce(now, delivered(event, from + index + 1)), state);

const fresh = (): DishSnapshot => {
  const ended = run('1', { state: 'finished', attempts: 1, frames_done: 3, layout: '1x2' });
  return {
    ...empty(),
    dish: {
      ...empty().dish,
      run: ended,
      well_counts: { empty: 0, embryo: 1, gas: 1, embryo_gas: 0 },
      alert_count: 1,
    },
    live_seq: STORY.length,
    run: ended,
    runs: [ended],
    wells: [well('A1'), well('A2', 'gas')],
    key_frames: [
      {
        frame_index: 0,
        layout: '1x2',
        is_lattice_consistent: true,
        lattice_residual_px: 1.5,
        reason: '',
        wells: [well('A1'), well('A2', 'gas')],
      },
    ],
    content_changes: [
      { frame_index: 2, row: 0, column: 1, name: 'A2', content: 'empty', previous: 'gas', confidence: 0.9 },
    ],
    alerts: [{ kind: 'gas_in_well', frame_index: 0, place: 'A2', detail: '' }],
    profiles: [profile('A1', 2, { is_final: true })],
  };
};

test('a snapshot and the events after it are a fresh snapshot', () => {
  const state = tell(fromSnapshot(empty(), null), STORY);
  expect(state).toEqual(fromSnapshot(fresh(), null));
});

test('from every point of the story the rest leads to the same state', () => {
  const end = tell(fromSnapshot(empty(), null), STORY);
  for (let cut = 0; cut <= STORY.length; cut += 1) {
    const half = tell(fromSnapshot(empty(), null), STORY.slice(0, cut));
    expect(tell(half, STORY.slice(cut))).toEqual(end);
  }
});

test('what is replayed although it was applied already changes nothing', () => {
  const end = tell(fromSnapshot(empty(), null), STORY);
  expect(tell(end, STORY, 0)).toBe(end);
});

test('a second attempt begins with an empty dish', () => {
  const half = tell(fromSnapshot(empty(), null), STORY.slice(0, 8));
  const again = tell(half, [{ type: 'run.started', run: run('1', { state: 'running', attempts: 2 }) }]);
  expect(again.wells).toEqual([]);
  expect(again.alerts).toEqual([]);
  expect(half.profiles).toHaveLength(1);
  expect(half.calls['A1']).toHaveLength(1);
  expect(again.profiles).toEqual([]);
  expect(again.calls).toEqual({});
  expect(again.dish.alert_count).toBe(0);
  expect(again.frames_followed).toBe(0);
});

test('a newer run takes the stage, unless another one was chosen', () => {
  const end = tell(fromSnapshot(empty(), null), STORY);
  const newer: LiveEvent[] = [{ type: 'run.queued', run: run('2') }, found('2', [well('A1', 'gas')])];
  expect(tell(end, newer).run?.id).toBe('2');
  expect(tell(end, newer).wells.map(({ content }) => content)).toEqual(['gas']);
  const pinned = tell({ ...end, pinned_run: '1' }, newer);
  expect(pinned.run?.id).toBe('1');
  expect(pinned.wells.map(({ content }) => content)).toEqual(['embryo', 'gas']);
  expect(pinned.runs.map(({ id }) => id)).toEqual(['2', '1']);
  expect(pinned.dish.run?.id).toBe('2');
});

test('events of a run that is not shown move only its line in the list', () => {
  const end = tell(fromSnapshot(empty(), null), [...STORY, { type: 'run.queued', run: run('2') }]);
  const told = tell(end, [{ type: 'run.progressed', run_id: '1', frames_done: 1, frames_total: 3 }]);
  expect(told.run?.id).toBe('2');
  expect(told.runs.find(({ id }) => id === '1')?.frames_done).toBe(1);
});

test('wells of a layout that was corrected are gone, and a well that left the picture stays', () => {
  const names = (events: LiveEvent[]): string[] =>
    tell(fromSnapshot(empty(), null), [{ type: 'run.queued', run: run('1') }, ...events]).wells.map(
      ({ name }) => name,
    );
  const guessed = found('1', [well('A1'), well('A2'), well('B1')], 0, { layout: '2x2', isSure: false });
  expect(names([guessed, found('1', [well('A1'), well('A2')], 3)])).toEqual(['A1', 'A2']);
  const sure = found('1', [well('A1'), well('A2')]);
  expect(names([sure, found('1', [well('A1')], 3)])).toEqual(['A1', 'A2']);
  expect(names([sure, found('1', [well('A1')], 3, { layout: '1x1' })])).toEqual(['A1']);
});

test('two stray wells of one frame are two alerts, and one that is told twice is one', () => {
  const stray = (detail: string): LiveEvent => ({
    type: 'alert.raised',
    run_id: '1',
    kind: 'stray_well',
    frame_index: 0,
    place: '',
    detail,
  });
  const queued: LiveEvent = { type: 'run.queued', run: run('1') };
  const state = tell(fromSnapshot(empty(), null), [queued, stray('x 1'), stray('x 2'), stray('x 2')]);
  expect(state.alerts.map(({ detail }) => detail)).toEqual(['x 1', 'x 2']);
  expect(state.dish.alert_count).toBe(2);
});

test('a dish that was renamed has its new name everywhere', () => {
  const end = tell(fromSnapshot(empty(), null), [
    ...STORY,
    { type: 'dish.changed', dish_id: 'd', label: '24-118' },
  ]);
  const names = [end.dish.label, end.run?.dish_label, end.dish.run?.dish_label, end.runs[0]?.dish_label];
  expect(names).toEqual(['24-118', '24-118', '24-118', '24-118']);
});

const running = (events: LiveEvent[]): DishState =>
  tell(fromSnapshot(empty(), null), [{ type: 'run.queued', run: run('1') }, ...events]);
const frames = (state: DishState, name: string): number[] =>
  (state.calls[name] ?? []).map(({ frame_index }) => frame_index);

test('calls of single frames stand in order, whatever order they came in, and the last word counts', () => {
  const state = running([
    called('1', 'A1', [call(0), call(8)]),
    called('1', 'A1', [call(4), call(8, 't3')]),
    called('1', 'B2', [call(0)]),
  ]);
  expect(frames(state, 'A1')).toEqual([0, 4, 8]);
  expect(state.calls['A1']?.at(-1)?.stage).toBe('t3');
  expect(frames(state, 'B2')).toEqual([0]);
});

test('a decoded profile takes the place of the one before and of the calls it has weighed', () => {
  const state = running([
    called('1', 'A1', [call(0), call(4), call(8)]),
    decoded('1', profile('B1', 4)),
    decoded('1', profile('A1', 2)),
    decoded('1', profile('A1', 4)),
  ]);
  expect(state.profiles.map(({ name, frames_called }) => [name, frames_called])).toEqual([
    ['A1', 5],
    ['B1', 5],
  ]);
  expect(frames(state, 'A1')).toEqual([8]);
  const refined = tell(state, [called('1', 'A1', [call(3), call(9)])]);
  expect(frames(refined, 'A1')).toEqual([8, 9]);
});

test('a final profile leaves nothing provisional', () => {
  const state = running([
    called('1', 'A1', [call(0), call(8)]),
    decoded('1', profile('A1', 4, { is_final: true })),
    called('1', 'A1', [call(9)]),
  ]);
  expect(state.calls).toEqual({});
});

test('profiles of a run that is not shown are not taken', () => {
  const state = running([called('2', 'A1', [call(0)]), decoded('2', profile('A1', 4))]);
  expect(state.profiles).toEqual([]);
  expect(state.calls).toEqual({});
});
