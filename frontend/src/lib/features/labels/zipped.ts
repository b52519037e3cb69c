import type { Dropped } from '$lib/features/upload/drop';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8 = 0x0800;
/** The first day that the format knows: when a file was made says nothing, and the same files give the same bytes. */
const DAY = 0x0021;
/** Beyond this the format would need its longer form; exports are smaller. */
export const MOST_BYTES = 2 ** 32 - 1;
export const MOST_FILES = 65_535;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let rest = n;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest >>> 0;
});

/** The check sum of a file, read a piece at a time. */
async function sumOf(file: Blob): Promise<number> {
  let sum = 0xffffffff;
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return (sum ^ 0xffffffff) >>> 0;
    for (const byte of value) sum = ((TABLE[(sum ^ byte) & 255] ?? 0) ^ (sum >>> 8)) >>> 0;
  }
}

/** Several files as one ZIP, stored as they are; the browser keeps pointing at the files, so that memory holds none of them. */
export async function zipped(name: string, files: readonly Dropped[]): Promise<File> {
  const parts: BlobPart[] = [];
  const central: BlobPart[] = [];
  let at = 0;
  let centralBytes = 0;
  for (const { path, file } of files) {
    const name = new TextEncoder().encode(path);
    const sum = await sumOf(file);
    const common = [20, UTF8, 0, 0, DAY] as const;
    const local = numbers(
      [LOCAL, 4],
      ...two(common),
      [sum, 4],
      [file.size, 4],
      [file.size, 4],
      [name.length, 2],
      [0, 2],
    );
    parts.push(local, name, file);
    const entry = numbers(
      [CENTRAL, 4],
      [20, 2],
      ...two(common),
      [sum, 4],
      [file.size, 4],
      [file.size, 4],
      [name.length, 2],
      ...two([0, 0, 0, 0]),
      [0, 4],
      [at, 4],
    );
    central.push(entry, name);
    centralBytes += entry.byteLength + name.length;
    at += local.byteLength + name.length + file.size;
  }
  const end = numbers(
    [END, 4],
    ...two([0, 0, files.length, files.length]),
    [centralBytes, 4],
    [at, 4],
    [0, 2],
  );
  const newest = Math.max(0, ...files.map(({ file }) => file.lastModified));
  return new File([...parts, ...central, end], `${name}.zip`, {
    type: 'application/zip',
    lastModified: newest,
  });
}

type Sized = readonly [value: number, bytes: 2 | 4];

const two = (values: readonly number[]): Sized[] => values.map((value) => [value, 2] as const);

function numbers(...values: Sized[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return view.buffer;
}
