import type { PreviousUpload, UrlStorage } from 'tus-js-client';
import type { UnfinishedUpload } from '$lib/api/types';
import { remember, remembered } from '$lib/storage';
import type { DroppedRecording } from './drop';

/** A recording whose upload began in this browser and has not ended. */
export interface Begun {
  batch: string;
  lab: string;
  name: string;
  files: number;
  bytes: number;
}

const LIST = 'uploads';
const PLACES = 'embryovision.tus.';

export function begun(lab: string): Begun[] {
  try {
    const all: unknown = JSON.parse(remembered(LIST) ?? '[]');
    return Array.isArray(all) ? (all as Begun[]).filter((one) => one.lab === lab) : [];
  } catch {
    return [];
  }
}

function write(lab: string, mine: Begun[]): void {
  let others: Begun[] = [];
  try {
    others = (JSON.parse(remembered(LIST) ?? '[]') as Begun[]).filter((one) => one.lab !== lab);
  } catch {
    // An unreadable list is started afresh.
  }
  const all = [...others, ...mine];
  remember(LIST, all.length > 0 ? JSON.stringify(all) : null);
}

export function noteBegun(one: Begun): void {
  write(one.lab, [...begun(one.lab).filter(({ batch }) => batch !== one.batch), one]);
}

/** Forget a recording that is whole or given up, with the places of its files. */
export function noteEnded(lab: string, batch: string): void {
  write(
    lab,
    begun(lab).filter((one) => one.batch !== batch),
  );
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(`${PLACES}${batch}/`)) localStorage.removeItem(key);
  }
}

/** The batch this very recording was begun under, by what the browser or the server remembers. */
export function batchOf(
  lab: string,
  recording: DroppedRecording,
  unfinished: UnfinishedUpload[],
): string | null {
  const known = begun(lab).find(
    (one) =>
      one.name === recording.name && one.files === recording.files.length && one.bytes === recording.bytes,
  );
  if (known) return known.batch;
  const sizes = new Map(recording.files.map(({ path, file }) => [path, file.size]));
  return unfinished.find((upload) => sizes.get(upload.name) === upload.length)?.batch ?? null;
}

/** Where each file's upload stands on the server; a browser that is full resumes less, and uploads all the same. */
export class PlaceStorage implements UrlStorage {
  async findAllUploads(): Promise<PreviousUpload[]> {
    return [];
  }

  async findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]> {
    const text = localStorage.getItem(PLACES + fingerprint);
    if (!text) return [];
    const { url, size } = JSON.parse(text) as { url: string; size: number };
    return [
      {
        uploadUrl: url,
        size,
        metadata: {},
        creationTime: '',
        urlStorageKey: fingerprint,
        parallelUploadUrls: null,
      },
    ];
  }

  async addUpload(fingerprint: string, upload: PreviousUpload): Promise<string> {
    try {
      localStorage.setItem(
        PLACES + fingerprint,
        JSON.stringify({ url: upload.uploadUrl, size: upload.size }),
      );
    } catch {
      // No room: this file starts anew after a reload.
    }
    return fingerprint;
  }

  async removeUpload(key: string): Promise<void> {
    localStorage.removeItem(PLACES + key);
  }
}
