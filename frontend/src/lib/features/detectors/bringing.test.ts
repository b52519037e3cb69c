import { expect, test } from 'vitest';
import { Drafts } from '$lib/keeping/drafts';
import { shelf } from '$lib/keeping/shelf.fixture';
import { Admissions } from './admissions.svelte';
import { somebody, type Asked } from './fixtures';
import { Answering } from './mapping.svelte';
import type { Admission } from './types';
import { atTheTop } from './uploads.svelte';

const admission = (change: Partial<Admission> = {}): Admission =>
  ({
    id: 'a',
    state: 'running',
    stage: 'reading',
    created_at: '2026-11-21T10:00:00Z',
    ...change,
  }) as Admission;

function opened(first: Admission) {
  const server = { one: first };
  const told = ({ path }: Asked): unknown => {
    if (path.endsWith('/choices/')) return { conversion: { is_on: true }, meanings: [], most_bytes: 1 };
    return path.startsWith('/api/labs/') ? [server.one] : server.one;
  };
  const { app, asked } = somebody(told);
  return { admissions: new Admissions(app, 'l'), asked, server };
}

test('a stage is told by the event, and an end is asked for with its reason', async () => {
  const { admissions, asked, server } = opened(admission());
  await admissions.load();
  const news = { type: 'admission.changed', admission_id: 'a', candidate: null } as const;
  admissions.hear({ ...news, state: 'running', stage: 'trying' });
  expect([admissions.all?.[0]?.stage, asked.length]).toEqual(['trying', 2]);
  server.one = admission({
    state: 'failed',
    error: { code: 'pickle_call', detail: 'No.', hint: '' },
  } as Partial<Admission>);
  admissions.hear({ ...news, state: 'failed', stage: null });
  await expect.poll(() => admissions.all?.[0]?.error?.code).toBe('pickle_call');
});

test('a question is answered whole or not at all', async () => {
  const drafts = new Drafts(() => 'ann', shelf());
  const told = { id: 'a', question: { classes: ['A', 'B'], suggested: { A: 'embryo' as const } } };
  const answering = new Answering(drafts, told);
  expect(answering.isWhole).toBe(false);
  answering.say('B', 'nothing');
  expect([answering.isWhole, answering.said]).toEqual([true, { A: 'embryo', B: 'nothing' }]);
  answering.say('A', '');
  expect([answering.isWhole, answering.said]).toEqual([false, { B: 'nothing' }]);
  // It is there when the page is opened again.
  expect(new Answering(drafts, told).said).toEqual({ B: 'nothing' });
  const { admissions, asked } = opened(admission({ state: 'asking' }));
  await admissions.answer(admission({ state: 'asking' }), { A: 'gas' });
  expect(asked).toEqual([
    { method: 'POST', path: '/api/admissions/a/answer/', body: { mapping: { A: 'gas' } } },
  ]);
});

test('a dropped folder is sent with its files at the top, where a manifest is looked for', () => {
  const dropped = (...paths: string[]) => paths.map((path) => ({ path, file: new File(['x'], 'x') }));
  const tops = (...paths: string[]) => atTheTop(dropped(...paths)).map(({ path }) => path);
  expect(tops('net/manifest.toml', 'net/weights.zip')).toEqual(['manifest.toml', 'weights.zip']);
  expect(tops('manifest.toml', 'net.onnx')).toEqual(['manifest.toml', 'net.onnx']);
  expect(tops('a/x.onnx', 'b/y.toml')).toEqual(['a/x.onnx', 'b/y.toml']);
});
