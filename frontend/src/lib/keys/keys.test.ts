import { expect, test } from 'vitest';
import { caps, matches, parseChord } from './chord';
import { Commands } from './commands.svelte';

const pressed = (
  code: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {},
) => ({
  code,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

test('a key is known by its place, so a Cyrillic layout works', () => {
  expect(matches(parseChord('KeyN'), pressed('KeyN'))).toBe(true);
  expect(matches(parseChord('KeyN'), pressed('KeyN', { shiftKey: true }))).toBe(false);
  expect(matches(parseChord('Shift+ArrowLeft'), pressed('ArrowLeft', { shiftKey: true }))).toBe(true);
});

test('Ctrl may be the command key', () => {
  expect(matches(parseChord('Ctrl+KeyK'), pressed('KeyK', { metaKey: true }))).toBe(true);
});

test('chords are printed as they stand on the keys', () => {
  expect(caps('Ctrl+KeyK')).toEqual(['Ctrl', 'K']);
  expect(caps('Shift+ArrowRight')).toEqual(['Shift', '→']);
  expect(caps('Shift+Slash')).toEqual(['?']);
});

test('two commands on one key are refused', () => {
  const commands = new Commands();
  const command = { title: 'command.fit', group: 'picture', keys: ['KeyF'], run: () => undefined } as const;
  const stop = commands.add([{ ...command, id: 'a', keys: [...command.keys] }]);
  expect(() => commands.add([{ ...command, id: 'b', keys: [...command.keys] }])).toThrow('KeyF');
  stop();
  expect(() => commands.add([{ ...command, id: 'b', keys: [...command.keys] }])).not.toThrow();
});
