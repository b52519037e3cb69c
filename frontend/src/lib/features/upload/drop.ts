/** A file as it was dropped, with the folders it lay in. */
export interface Dropped {
  path: string;
  file: File;
}

/** Files that belong together as one recording. */
export interface DroppedRecording {
  name: string;
  files: Dropped[];
  bytes: number;
}

const LITTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX(\/.*)?)$/i;
const FRAME = /\.(png|jpe?g|tiff?)$/i;
const TIMES = /\.(csv|txt)$/i;
const SINGLE_FRAME_BYTES = 32 * 1024 ** 2;

/** Everything below the dropped files and folders. */
export async function filesIn(transfer: DataTransfer): Promise<Dropped[]> {
  // The list of items empties itself at the first wait, so the entries are taken at once.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.map((entry) => filesBelow(entry, '')))).flat();
}

/** What a file field gave; a folder field knows the folders. */
export const filesOf = (list: FileList): Dropped[] =>
  [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function filesBelow(entry: FileSystemEntry, folder: string): Promise<Dropped[]> {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((good, bad) => (entry as FileSystemFileEntry).file(good, bad));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Dropped[] = [];
  for (;;) {
    // A reader answers at most a hundred entries at a time, and none at the end.
    const page = await new Promise<FileSystemEntry[]>((good, bad) => reader.readEntries(good, bad));
    if (page.length === 0) return found;
    found.push(...(await Promise.all(page.map((child) => filesBelow(child, `${path}/`)))).flat());
  }
}

/** Sort what was dropped into recordings: a folder is one, numbered pictures side by side are one, any other file is its own. */
export function recordingsIn(dropped: Dropped[]): DroppedRecording[] {
  const groups = new Map<string, Dropped[]>();
  const files = dropped.filter(({ path, file }) => !LITTER.test(path) && file.size >= 0);
  for (const one of files) {
    const key = groupOf(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return adoptTimes(groups).map(([key, members]) => ({
    name: nameOf(key, members),
    files: members.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true })),
    bytes: members.reduce((sum, { file }) => sum + file.size, 0),
  }));
}

function groupOf({ path, file }: Dropped): string {
  const slash = path.indexOf('/');
  if (slash > 0) return `folder:${path.slice(0, slash)}`;
  // A large TIFF holds a whole recording, so two of them are two.
  if (FRAME.test(path) && file.size < SINGLE_FRAME_BYTES) return `frames:${path.replace(/\d+/g, '#')}`;
  return `file:${path}`;
}

/** A table of times dropped beside one row of pictures belongs to it. */
function adoptTimes(groups: Map<string, Dropped[]>): [string, Dropped[]][] {
  const frames = [...groups.keys()].filter((key) => key.startsWith('frames:'));
  const target = frames.length === 1 ? groups.get(frames[0] ?? '') : undefined;
  if (target) {
    for (const [key, members] of groups) {
      if (!key.startsWith('file:') || !TIMES.test(key)) continue;
      target.push(...members);
      groups.delete(key);
    }
  }
  return [...groups];
}

function nameOf(key: string, members: Dropped[]): string {
  const [kind, rest] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
  const first = members[0]?.path ?? rest;
  if (kind === 'frames' && members.length > 1) {
    const stem = first.replace(/\.[^.]*$/, '').replace(/[\s_\-.]*\d+$/, '');
    return stem || first;
  }
  return kind === 'frames' ? first : rest;
}
