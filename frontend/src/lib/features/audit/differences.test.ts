import { expect, test } from 'vitest';
import { differences } from './differences';

test('only what became different is listed, each value under its own path', () => {
  const before = { 'onsets.t2': { frame_index: 4, source: 'machine' }, kept: 1 };
  const after = { 'onsets.t2': { frame_index: 7, source: 'machine' }, kept: 1 };
  expect(differences(before, after)).toEqual([{ path: 'onsets.t2.frame_index', before: '4', after: '7' }]);
});

test('a value that came has no before, one that went has no after', () => {
  expect(differences(null, { role: 'viewer' })).toEqual([
    { path: 'role', before: undefined, after: 'viewer' },
  ]);
  expect(differences({ role: 'viewer' }, { role: null })).toEqual([
    { path: 'role', before: 'viewer', after: undefined },
  ]);
});

test('a list of plain values is one line, a list of things is looked into', () => {
  expect(differences({ unusable: [1, 2] }, { unusable: [1, 3] })).toEqual([
    { path: 'unusable', before: '[1, 2]', after: '[1, 3]' },
  ]);
  expect(differences({ wells: [{ at: 0, is: 'gas' }] }, { wells: [{ at: 0, is: 'embryo' }] })).toEqual([
    { path: 'wells.0.is', before: 'gas', after: 'embryo' },
  ]);
});

test('words are told from figures only by where they stand, and false and zero are values', () => {
  expect(differences({ a: true, n: 0 }, { a: false, n: 1 })).toEqual([
    { path: 'a', before: 'true', after: 'false' },
    { path: 'n', before: '0', after: '1' },
  ]);
  expect(differences({}, {})).toEqual([]);
  expect(differences({ a: {} }, { a: { b: 'x' } })).toEqual([
    { path: 'a', before: '{}', after: undefined },
    { path: 'a.b', before: undefined, after: 'x' },
  ]);
});

test('a change of a bare value stands without a path', () => {
  expect(differences('draft', 'submitted')).toEqual([{ path: '', before: 'draft', after: 'submitted' }]);
});
