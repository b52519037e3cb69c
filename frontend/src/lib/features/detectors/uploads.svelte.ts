import { body, type Api } from '$lib/api/client';
import type { Dropped } from '$lib/features/upload/drop';
import { SentFiles } from '$lib/features/upload/sent.svelte';
import type { Admission } from './types';

/** Weights files on their way; each becomes an admission. */
export class WeightsUploads extends SentFiles<Admission> {
  constructor(api: Api) {
    super(async (lab, upload) => {
      const params = { path: { lab_id: lab } };
      const made = await body(api.POST('/api/labs/{lab_id}/admissions/', { params, body: { upload } }));
      return made as Admission;
    });
  }
}

/** Files of a dropped folder lie at the top of what is sent: a manifest is looked for there. */
export function atTheTop(dropped: readonly Dropped[]): Dropped[] {
  const [first] = dropped;
  const folder = first?.path.includes('/') ? first.path.slice(0, first.path.indexOf('/') + 1) : '';
  if (!folder || !dropped.every(({ path }) => path.startsWith(folder))) return [...dropped];
  return dropped.map(({ path, file }) => ({ path: path.slice(folder.length), file }));
}
