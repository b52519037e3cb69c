import { body, type Api } from '$lib/api/client';
import { Refusal } from '$lib/api/refusal';
import type { Dropped, DroppedRecording } from '$lib/features/upload/drop';
import { SentFiles } from '$lib/features/upload/sent.svelte';
import type { LabelImport } from './types';
import { MOST_BYTES, MOST_FILES, zipped } from './zipped';

const LITTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX(\/.*)?)$/i;

/** All that was dropped together is one export: its tables, its classes and its pictures belong together. */
export function exportIn(dropped: readonly Dropped[]): DroppedRecording | null {
  const files = dropped.filter(({ path }) => !LITTER.test(path));
  const first = files[0];
  if (!first) return null;
  const folder = first.path.includes('/') ? first.path.slice(0, first.path.indexOf('/')) : '';
  return {
    name: files.length === 1 || !folder ? first.path : folder,
    files: [...files].sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true })),
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
  };
}

/** The one file that is sent: several are packed together first. */
export async function packed(found: DroppedRecording): Promise<DroppedRecording> {
  if (found.files.length === 1) return found;
  if (found.files.length > MOST_FILES || found.bytes > MOST_BYTES) throw new Refusal('too_large_to_pack', '');
  const file = await zipped(found.name.replace(/^.*\//, ''), found.files);
  return { name: file.name, files: [{ path: file.name, file }], bytes: file.size };
}

/** Label files on their way; each becomes an import. */
export class LabelUploads extends SentFiles<LabelImport> {
  constructor(api: Api) {
    super((lab, upload) => {
      const params = { path: { lab_id: lab } };
      return body(api.POST('/api/labs/{lab_id}/label-imports/', { params, body: { upload } }));
    });
  }
}
