import type { Key } from '$lib/i18n/translator.svelte';

const OF_PICTURES: Record<string, Key> = {
  image: 'fact.format.image',
  'image-folder': 'fact.format.image_folder',
  'image-zip': 'fact.format.image_zip',
};

/** A recording's format as people call it: in words where it is only a heap of pictures, else by its own name. */
export function formatName(format: string, t: (key: Key) => string): string {
  const key = OF_PICTURES[format];
  return key ? t(key) : format.toUpperCase();
}
