// The first page must stay light: the entry and all that it imports at once, gzipped.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 200 * 1024;
const build = new URL('../build/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', build), 'utf8'));

function withImports(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) withImports(next, seen);
  return seen;
}

const initial = [...withImports('index.html')].map((key) => manifest[key].file);
const bytes = initial.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, build))).length, 0);
console.log(`initial JavaScript: ${(bytes / 1024).toFixed(1)} KiB gzip in ${initial.length} files`);
if (bytes > LIMIT) {
  console.error(`more than ${LIMIT / 1024} KiB: import pages and large libraries when they are needed`);
  process.exit(1);
}
