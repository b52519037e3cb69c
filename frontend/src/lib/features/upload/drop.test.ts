import { expect, test } from 'vitest';
import { recordingsIn, type Dropped } from './drop';

const dropped = (...paths: string[]): Dropped[] =>
  paths.map((path) => ({ path, file: new File(['x'], path.split('/').at(-1) ?? path) }));

const shape = (files: Dropped[]): [string, string[]][] =>
  recordingsIn(files).map(({ name, files: members }) => [name, members.map(({ path }) => path)]);

test('a folder is one recording, with its folders for planes', () => {
  expect(shape(dropped('dish/F15/2.jpg', 'dish/F0/1.jpg', 'dish/F0/10.jpg', 'dish/F0/2.jpg'))).toEqual([
    ['dish', ['dish/F0/1.jpg', 'dish/F0/2.jpg', 'dish/F0/10.jpg', 'dish/F15/2.jpg']],
  ]);
});

test('numbered pictures side by side are one recording, and a table of times joins them', () => {
  expect(shape(dropped('well_001.png', 'well_002.png', 'times.csv'))).toEqual([
    ['well', ['times.csv', 'well_001.png', 'well_002.png']],
  ]);
});

test('archives and videos are recordings of their own', () => {
  expect(shape(dropped('a.zip', 'b.avi')).map(([name]) => name)).toEqual(['a.zip', 'b.avi']);
});

test('large TIFF files that differ in a number are recordings of their own', () => {
  const big = (name: string): Dropped => ({
    path: name,
    file: new File([new Uint8Array(33 * 1024 ** 2)], name),
  });
  expect(recordingsIn([big('dish1.tif'), big('dish2.tif')])).toHaveLength(2);
});

test('what computers leave in folders is left out', () => {
  expect(shape(dropped('dish/1.jpg', 'dish/.DS_Store', 'dish/Thumbs.db', '__MACOSX/x', '.hidden'))).toEqual([
    ['dish', ['dish/1.jpg']],
  ]);
});

test('a single picture is a recording by its own name', () => {
  expect(shape(dropped('12.jpg'))).toEqual([['12.jpg', ['12.jpg']]]);
});
