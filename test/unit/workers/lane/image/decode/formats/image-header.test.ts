import sharp, { type Sharp } from 'sharp';
import { expect, it } from 'vitest';
import { readImageHeader } from '#forebay/workers/lane/image/decode/formats/image-header.js';

const image = (channels: 3 | 4, width = 7, height = 5) =>
  sharp({ create: { width, height, channels, background: '#123456' } });
const size = { width: 7, height: 5 };

it('reads the size of JPEG and PNG, and whether they are plain, ordinary and progressive', async () => {
  const jpeg = await image(3)
    .withExif({ IFD0: { Copyright: 'x'.repeat(300) } })
    .jpeg({ progressive: true })
    .toBuffer();
  expect(readImageHeader(jpeg)).toEqual({
    format: 'jpeg',
    size,
    plain: true,
    ordinary: true,
    progressive: true,
  });
  expect(readImageHeader(await image(3).png().toBuffer())).toEqual({
    format: 'png',
    size,
    plain: true,
    ordinary: false,
    progressive: false,
  });
  expect(readImageHeader(await image(3).png({ progressive: true }).toBuffer()).progressive).toBe(true);
  expect(readImageHeader(await image(4).png().toBuffer())).toMatchObject({
    format: 'png',
    size,
    plain: false,
  });
  const clear = await sharp({ create: { width: 7, height: 5, channels: 4, background: '#12345600' } })
    .png({ palette: true })
    .toBuffer();
  expect(readImageHeader(clear)).toMatchObject({ size, plain: false });
});

it('distinguishes ordinary JPEGs, which all decoders read alike, from other JPEGs', async () => {
  const ordinary = async (picture: Sharp) => readImageHeader(await picture.jpeg().toBuffer()).ordinary;
  expect(await ordinary(image(3))).toBe(true);
  expect(await ordinary(image(3).toColourspace('b-w'))).toBe(true);
  expect(await ordinary(image(3).toColourspace('cmyk'))).toBe(false);
  const progressive = await image(3).jpeg({ progressive: true }).toBuffer();
  const scan = progressive.subarray(progressive.indexOf(Buffer.of(0xff, 0xda)));
  const manyScans = Buffer.concat([progressive, ...Array.from({ length: 100 }, () => scan)]);
  expect(readImageHeader(manyScans).ordinary).toBe(false);
});

it('recognises the other formats by their first bytes', async () => {
  expect(readImageHeader(await image(3).webp().toBuffer()).format).toBe('webp');
  expect(readImageHeader(await image(3).gif().toBuffer()).format).toBe('gif');
  expect(readImageHeader(await image(3).tiff().toBuffer()).format).toBe('tiff');
  expect(readImageHeader(await image(3).avif().toBuffer()).format).toBe('avif');
});

it.each([
  ['<svg xmlns="a"/>', 'SVG'],
  ['  <?xml version="1.0"?><svg/>', 'SVG'],
  ['%PDF-1.7', 'PDF'],
  ['BM123456', 'BMP'],
  ['P6\n3 3 255\n', 'PNM'],
  ['\0\0\0\x20ftypisom\0\0\0\0isom', 'a video'],
  ['\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'a video'],
  ['<!DOCTYPE html><title>Sign in</title>', 'HTML, a web page'],
  ['\xef\xbb\xbf<html lang="en">', 'HTML, a web page'],
  ['{"error": "not found"}', 'JSON'],
  ['path,label\na.jpg,3\n', 'text, not an image'],
  ['\xff\xfeh\0i\0', 'text, not an image'],
  ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', "run 'git lfs pull'"],
  ['data:image/png;base64,iVBORw0KGgo=', 'a data: URL as text'],
  ['/9j/4AAQSkZJRgABAQ==', 'an image in base64'],
  ['PK\x03\x04\x14\0', 'a ZIP archive (or an office document): unpack it'],
  ['PK\x05\x06\0\0', 'a ZIP archive'],
  [`${'a'.repeat(10)}${'\0'.repeat(247)}ustar`, 'a tar archive'],
  ['\0'.repeat(600), 'only zero bytes'],
  ['\x93NUMPY\x01', 'a NumPy array'],
  ['RIFF\0\0\0\0WAVE', 'sound or video'],
  ['hello', 'text, not an image'],
  ['\x01\x02\x03', 'not an image in a known format (it starts with 010203)'],
])('refuses %j as %s', (text, name) => {
  expect(() => readImageHeader(Buffer.from(text, 'latin1'))).toThrow(name);
});

it('leaves a damaged header to the decoder, without reading past its end', async () => {
  const jpeg = await image(3).jpeg().toBuffer();
  for (let length = 3; length < 200; length++) {
    expect(readImageHeader(jpeg.subarray(0, length)).format).toBe('jpeg');
  }
  const png = await image(3).png().toBuffer();
  for (let length = 8; length < 60; length++) {
    expect(readImageHeader(png.subarray(0, length)).format).toBe('png');
  }
});

it('recognises a Git LFS pointer', () => {
  const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n');
  expect(() => readImageHeader(pointer)).toThrow(
    /^a Git LFS pointer, not the image that it stands for: .*git lfs pull/,
  );
});
