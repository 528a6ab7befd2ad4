import { expect, it } from 'vitest';
import { embeddedFile } from '#forebay/shared/datasets/embedded-file.js';

const file = (start: readonly number[]) => Buffer.concat([Buffer.from(start), Buffer.alloc(80, 7)]);

const KNOWN: Readonly<Record<string, Buffer>> = {
  JPEG: file([0xff, 0xd8, 0xff, 0xe0]),
  PNG: file([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  GIF: file([...Buffer.from('GIF89a')]),
  WebP: file([...Buffer.from('RIFF'), 1, 2, 3, 4, ...Buffer.from('WEBP')]),
  TIFF: file([0x49, 0x49, 0x2a, 0]),
  'TIFF, big-endian': file([0x4d, 0x4d, 0, 0x2a]),
  HEIC: file([0, 0, 0, 0x18, ...Buffer.from('ftypheic')]),
  AVIF: file([0, 0, 0, 0x20, ...Buffer.from('ftypavif')]),
  FLAC: file([...Buffer.from('fLaC')]),
};

it.each(Object.entries(KNOWN))('finds the bytes of a %s file in base64', (_, bytes) => {
  expect(embeddedFile(bytes.toString('base64'))).toEqual(bytes);
});

it('decodes any data URL in base64', () => {
  const bytes = Buffer.from('BM any format');
  expect(embeddedFile(`data:image/bmp;base64,${bytes.toString('base64')}`)).toEqual(bytes);
  expect(embeddedFile(`DATA:;base64,${bytes.toString('base64')}`)).toEqual(bytes);
});

it.each([
  'photos/a.jpg',
  '/9j/photo',
  `/9j/${'photos-of-2024/'.repeat(8)}a.jpg`,
  `https://example.org/${'x'.repeat(80)}`,
  'data:2024.jpg',
  'x'.repeat(200),
])('takes %j for a path or a URL', (text) => {
  expect(embeddedFile(text)).toBeNull();
});
