import { expect, test } from 'vitest';
import { areSacsWrong, carried, changesOf, draftOf, type CycleOutcome } from './draft';

const outcome = (change: Partial<CycleOutcome> = {}): CycleOutcome => ({
  cycle: 'c',
  version: 2,
  hcg: true,
  clinical_pregnancy: null,
  sacs: null,
  live_birth: null,
  miscarriage: null,
  note: '',
  by_name: 'Ada',
  at: '2026-01-01T00:00:00Z',
  ...change,
});

test('an outcome that nobody touched asks for no change', () => {
  expect(changesOf(outcome({ sacs: 0 }), draftOf(outcome({ sacs: 0 })))).toEqual({});
});

test('only what was changed is sent, and nothing said is not the same as no', () => {
  const draft = draftOf(outcome({ sacs: 1 }));
  draft.hcg = '';
  draft.clinical_pregnancy = 'no';
  draft.sacs = '';
  draft.note = 'told by telephone';
  expect(changesOf(outcome({ sacs: 1 }), draft)).toEqual({
    hcg: null,
    clinical_pregnancy: false,
    sacs: null,
    note: 'told by telephone',
  });
});

test.each([
  ['', false],
  ['0', false],
  [' 2 ', false],
  ['10', false],
  ['11', true],
  ['1,5', true],
  ['-1', true],
  ['two', true],
])('%j sacs are wrong: %s', (sacs, isWrong) => {
  expect(areSacsWrong({ ...draftOf(outcome()), sacs })).toBe(isWrong);
});

test('what was typed is kept upon what somebody else told meanwhile', () => {
  const draft = { ...draftOf(outcome()), clinical_pregnancy: 'yes' as const, note: 'mine' };
  const now = outcome({ version: 3, sacs: 2, note: 'theirs', hcg: null });
  expect(carried(outcome(), draft, now)).toEqual({
    ...draftOf(now),
    clinical_pregnancy: 'yes',
    note: 'mine',
  });
});
