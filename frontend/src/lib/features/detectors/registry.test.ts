import { expect, test } from 'vitest';
import { asRefusal } from '$lib/api/refusal';
import { rollingBack } from './deeds';
import { somebody, use, weights, type Asked } from './fixtures';
import { Registry } from './registry.svelte';

const inUse = {
  task: 'wells',
  weights: 'w',
  weights_name: 'wells-yolo11n',
  is_own_choice: true,
  can_roll_back: true,
  back_to: null,
  back_to_name: '',
} as const;

/** A lab's registry over a server with one proposal. */
function lab({ admins = 2, history = [use()], refuse = '' } = {}) {
  const told = ({ method, path }: Asked): unknown => {
    if (path === '/api/session/step-up/' && refuse)
      return Response.json({ code: refuse, detail: 'No.', hint: '' }, { status: 403 });
    if (path === '/api/weights/')
      return [weights({ id: 'r', state: 'retired' }), weights({ id: 'w', state: 'active' })];
    if (path === '/api/labs/l/uses/' && method === 'GET') return { tasks: [inUse], admins, history };
    return use();
  };
  const { app, asked } = somebody(told);
  return { registry: new Registry(app, 'l'), asked };
}

test('what is in use comes first, and what waits to be confirmed is told by task', async () => {
  const { registry } = lab();
  await registry.load();
  const [wells, stages] = registry.tasks;
  expect(wells?.weights.map(({ id }) => id)).toEqual(['w', 'r']);
  expect([wells?.use?.weights, wells?.proposal?.id, stages?.proposal]).toEqual(['w', 'u', null]);
});

test('a lab with one admin is told so before it proposes anything', async () => {
  const { registry } = lab({ admins: 1 });
  expect(registry.isAlone).toBe(false); // nobody is warned before it is known
  await registry.load();
  expect(registry.isAlone).toBe(true);
});

test('whoever proposed is known, and a proposal of somebody who has left is nobody’s own', () => {
  const { registry } = lab();
  expect([registry.isOwn(use()), registry.isOwn(use({ asked_by: 'ben' }))]).toEqual([true, false]);
  expect(registry.isOwn(use({ asked_by: null }))).toBe(false);
});

test('a change proves who one is first, and then the list is as the server has it', async () => {
  const { registry, asked } = lab();
  await registry.act(
    { kind: 'propose', task: 'wells', weights: 'n', name: 'new' },
    'secret',
    'better on ours',
  );
  expect(asked.slice(0, 2)).toEqual([
    { method: 'POST', path: '/api/session/step-up/', body: { password: 'secret' } },
    {
      method: 'POST',
      path: '/api/labs/l/uses/',
      body: { task: 'wells', weights: 'n', reason: 'better on ours' },
    },
  ]);
  expect(asked.slice(2).map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('a wrong password changes nothing', async () => {
  const { registry, asked } = lab({ refuse: 'wrong_password' });
  const refusal = await registry.act(rollingBack(inUse), 'guess', '').catch(asRefusal);
  expect(refusal).toMatchObject({ code: 'wrong_password' });
  expect(asked.map(({ path }) => path)).toEqual(['/api/session/step-up/']);
});

test('every deed asks for what it says', async () => {
  const { registry, asked } = lab();
  await registry.act(rollingBack(inUse), 'p', 'worse');
  await registry.act({ kind: 'follow', task: 'stages' }, 'p', '');
  await registry.act({ kind: 'confirm', task: 'wells', use: 'u', name: 'new' }, 'p', '');
  const posts = asked.filter(({ method, path }) => method === 'POST' && !path.includes('step-up'));
  expect(posts.map(({ path, body }) => [path, body])).toEqual([
    ['/api/labs/l/uses/roll-back/', { task: 'wells', reason: 'worse' }],
    ['/api/labs/l/uses/', { task: 'stages', weights: null, reason: '' }],
    ['/api/uses/u/confirm/', null],
  ]);
});

test('a check that only goes on is no reason to read everything again', async () => {
  const { registry, asked } = lab();
  const check = {
    type: 'check.changed',
    check_id: 'c',
    weights_id: 'w',
    step: null,
    done: 1,
    total: 9,
  } as const;
  registry.hear({ ...check, state: 'running' });
  expect(asked).toEqual([]);
  registry.hear({ ...check, state: 'finished' });
  await expect.poll(() => asked.map(({ path }) => path)).toContain('/api/weights/');
});
