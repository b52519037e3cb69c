import { expect, test } from 'vitest';
import { carried, changesOf, draftOf, wrongIn, type Settings } from './draft';

const settings = (change: Partial<Settings> = {}): Settings => ({
  blind_first: false,
  bulk_threshold: 0.29,
  tolerance_hours: { t2: 1, t5: 2 },
  people: [
    { user_id: 'ada', name: 'Ada', role: 'admin', blind_first: null },
    { user_id: 'ben', name: 'Ben', role: 'embryologist', blind_first: true },
  ],
  version: 3,
  ...change,
});

test('settings that nobody touched ask for no change', () => {
  expect(draftOf(settings()).threshold).toBe('29');
  expect(changesOf(settings(), draftOf(settings()))).toEqual({});
});

test('only what was changed is sent', () => {
  const draft = draftOf(settings());
  draft.isBlindFirst = true;
  draft.threshold = '92,5';
  draft.tolerances['t5'] = '2.5';
  draft.people['ben'] = '';
  expect(changesOf(settings(), draft)).toEqual({
    blind_first: true,
    bulk_threshold: 0.925,
    tolerance_hours: { t5: 2.5 },
    people: [{ user_id: 'ben', blind_first: null }],
  });
  draft.people['ben'] = 'open';
  expect(changesOf(settings(), draft).people).toEqual([{ user_id: 'ben', blind_first: false }]);
});

test('figures that cannot be are named', () => {
  const draft = draftOf(settings());
  expect(wrongIn(draft)).toEqual([]);
  draft.threshold = '101';
  draft.tolerances = { t2: '', t5: '48', tB: '49', tM: 'soon' };
  expect(wrongIn(draft)).toEqual(['threshold', 't2', 'tB', 'tM']);
});

test('what was typed is kept upon what somebody else changed meanwhile', () => {
  const draft = draftOf(settings());
  draft.threshold = '95';
  draft.people['ada'] = 'blind';
  draft.people['ben'] = 'open';
  const now = settings({
    blind_first: true,
    bulk_threshold: 0.5,
    tolerance_hours: { t2: 1, t5: 4 },
    people: [{ user_id: 'ada', name: 'Ada', role: 'admin', blind_first: null }],
    version: 4,
  });
  const upon = carried(settings(), draft, now);
  expect(upon).toEqual({
    isBlindFirst: true,
    threshold: '95',
    tolerances: { t2: '1', t5: '4' },
    people: { ada: 'blind' },
  });
});
