import type { Stack } from './types';

/** Widths the server renders, and 0 for the recording's own. */
export const WIDTHS = [96, 384, 768, 1536] as const;

type Framed = Pick<Stack, 'frame_url_template'>;

export const frameUrl = (stack: Framed, index: number, plane: number, width: number): string =>
  stack.frame_url_template
    .replace('{index}', String(index))
    .replace('{plane}', String(plane))
    .replace('{width}', String(width));

/** The smallest rendered width that is sharp on `devicePx` pixels; 0 where only the original is. */
export function widthFor(devicePx: number, nativePx: number): number {
  const width = WIDTHS.find((candidate) => candidate >= devicePx);
  return width === undefined || width >= nativePx ? 0 : width;
}
