import { expect, test } from 'vitest';
import { Translator } from '$lib/i18n/translator.svelte';
import { answerInWords } from './answers';
import { weights } from './fixtures';
import { columnsOf } from './main_figures';
import { broughtAs, factsOf } from './manifest_facts';
import { originOf } from './origin';

test('weights tell where they are from', () => {
  const of = (manifest: Record<string, unknown>, lab: string | null = 'l') => originOf({ lab, manifest });
  expect(of({}, null)).toBe('shipped');
  expect(of({ origin: { name: 'a.pt', admitted: '2026-11-21' }, learned_from: 'elsewhere' })).toBe('brought');
  expect(of({ origin: { recalibration: 'r' }, learned_from: 'verdicts' })).toBe('recalibrated');
  expect(of({ learned_from: "a lab's unlabelled recordings" })).toBe('adapted');
  expect(of({ origin: { data_set: 'd' }, learned_from: 'labels' })).toBe('learned');
});

test('main figures are compared under one and the same name', () => {
  const told = (metrics: Record<string, unknown>) => weights({ manifest: { metrics } });
  const [recall] = columnsOf('wells', [
    told({ usual_recall: 0.99, hard_recall: 0.9 }),
    told({ usual_recall: 0.97 }),
    weights(),
  ]);
  expect(recall?.values).toEqual([0.99, 0.97, null]);
});

test('a manifest tells what it knows, and nothing is made up where it is silent', () => {
  const manifest = {
    licence: 'MIT',
    command: '',
    input: { width: 384, height: 288, channels: 1 },
    classes: ['empty'],
  };
  expect(factsOf(manifest)).toEqual([
    ['licence', 'MIT'],
    ['input', '384 × 288 × 1'],
    ['classes', 'empty'],
  ]);
  expect(broughtAs(manifest)).toBeNull();
  const origin = { name: 'a.pt', sha256: 'ab', how: 'converted', admitted: '2026-11-21' };
  expect(broughtAs({ origin })).toEqual({ name: 'a.pt', sha256: 'ab', isConverted: true });
});

test('answers of detectors are said in words', () => {
  const words = new Translator('en');
  const said = ['embryo_gas', 'pronuclear', 'not_seen', 't2', null, 'novel'].map((answer) =>
    answerInWords(words, answer, 'not found'),
  );
  expect(said).toEqual(['embryo + gas', 'pronuclear', 'not seen', 't2 (2 cells)', 'not found', 'novel']);
});
