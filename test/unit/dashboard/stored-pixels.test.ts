// Pictures whose EXIF orientation the dashboard hides, so that they fit the boxes of models that ignore it.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { withoutOrientation } from '../../../dashboard/results/stored-pixels.ts';

it.each(['jpeg', 'png', 'webp'] as const)('a %s has the same pixels, and no orientation', async (format) => {
  const made = sharp({ create: { width: 6, height: 3, channels: 3, background: '#c06020' } });
  const turned = await made.withMetadata({ orientation: 6 }).toFormat(format).toBuffer();
  const stored = Buffer.from(withoutOrientation(new Uint8Array(turned).buffer));
  expect((await sharp(turned).metadata()).orientation).toBe(6);
  expect((await sharp(stored, { failOn: 'none' }).metadata()).orientation ?? 1).toBe(1);
  const pixels = async (bytes: Buffer) => sharp(bytes, { failOn: 'none' }).raw().toBuffer();
  expect(await pixels(stored)).toEqual(await pixels(turned));
});

it('bytes that end early stay as they are', () => {
  for (const start of ['\xff\xd8\xff\xe1', '\x89PNG\r\n\x1a\n\0\0', 'RIFF\0\0\0\0WEBPEXI', '']) {
    const bytes = new Uint8Array(Buffer.from(start, 'latin1')).buffer;
    expect(withoutOrientation(bytes)).toEqual(bytes);
  }
});
