import { expect, test } from 'vitest';
import { exportIn } from './uploads.svelte';

const dropped = (...paths: string[]) =>
  paths.map((path) => ({ path, file: new File(['x'], path.split('/').at(-1) ?? path) }));

test('all that is dropped together is one export, by the name of its folder', () => {
  const found = exportIn(
    dropped('yolo/labels/2.txt', 'yolo/classes.txt', 'yolo/labels/1.txt', 'yolo/.DS_Store'),
  );
  expect(found?.name).toBe('yolo');
  expect(found?.files.map(({ path }) => path)).toEqual([
    'yolo/classes.txt',
    'yolo/labels/1.txt',
    'yolo/labels/2.txt',
  ]);
  expect(found?.bytes).toBe(3);
});

test('a single file keeps its name, and nothing dropped is nothing', () => {
  expect(exportIn(dropped('project-3.json'))?.name).toBe('project-3.json');
  expect(exportIn(dropped('.DS_Store'))).toBeNull();
});
