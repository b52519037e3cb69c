import { expect, it } from 'vitest';
import { en } from '$lib/i18n/en';
import { formatName } from './formats';

const t = (key: keyof typeof en): string => String(en[key]);

it('calls a format as people do', () => {
  expect(formatName('image-zip', t)).toBe('ZIP of pictures');
  expect(formatName('ome-tiff', t)).toBe('OME-TIFF');
});

it('leaves every other format its own name', () => {
  expect(formatName('avi', t)).toBe('AVI');
});
