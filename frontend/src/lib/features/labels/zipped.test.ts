import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { zipped } from './zipped';

const dropped = (path: string, text: string) => ({ path, file: new File([text], path, { lastModified: 5 }) });

test('what is zipped here another program unpacks, names in Russian included', async () => {
  const zip = await zipped('метки', [
    dropped('yolo/classes.txt', 'E\n'),
    dropped('yolo/метки/1.txt', 'x'.repeat(70_000)),
  ]);
  expect(zip.name).toBe('метки.zip');
  const folder = mkdtempSync(join(tmpdir(), 'zipped-'));
  try {
    const file = join(folder, 'a.zip');
    writeFileSync(file, new Uint8Array(await zip.arrayBuffer()));
    const script =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*[(i.filename, i.file_size) for i in z.infolist()])';
    const told = execFileSync('python3', ['-X', 'utf8', '-c', script, file], { encoding: 'utf8' });
    expect(told.trim()).toBe("('yolo/classes.txt', 2) ('yolo/метки/1.txt', 70000)");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the same files give the same bytes, so that an upload goes on after a reload', async () => {
  const make = () => zipped('a', [dropped('1.txt', 'one'), dropped('2.txt', 'two')]);
  const [one, other] = [await make(), await make()];
  expect(new Uint8Array(await one.arrayBuffer())).toEqual(new Uint8Array(await other.arrayBuffer()));
  expect(one.lastModified).toBe(other.lastModified);
});
