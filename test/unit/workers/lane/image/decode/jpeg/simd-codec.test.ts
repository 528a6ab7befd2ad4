// The SIMD decoder against libjpeg-turbo, bit by bit. test/fuzz has damaged files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type JpegOptions } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readImageHeader } from '#forebay/workers/lane/image/decode/formats/image-header.js';
import { loadJpegCodecs, type JpegCodecs, type Part } from '../../../../../../support/jpeg-codecs.ts';
import { createRandom } from '../../../../../../support/random.ts';

const random = createRandom(1);
const golden = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../../../../golden/images', name));

let codecs: JpegCodecs;
beforeAll(async () => {
  codecs = await loadJpegCodecs();
});

/** `steps`: how many values a sample may have. Two values give the largest coefficients. */
async function noise(
  width: number,
  height: number,
  steps: number,
  options: JpegOptions,
  channels: 1 | 3 = 3,
) {
  const pixels = Buffer.from(Array.from({ length: width * height * channels }, () => levelOf(steps)));
  const raw = sharp(pixels, { raw: { width, height, channels } });
  return raw
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .jpeg(options)
    .toBuffer();
}

function levelOf(steps: number): number {
  return Math.round((random.int(0, steps - 1) * 255) / (steps - 1));
}

function expectSame(image: Buffer, name: string, part?: Part): void {
  const { size } = readImageHeader(image);
  const pixels = codecs.simd(image, size!, part);
  expect(pixels, `${name} is decoded`).not.toBeNull();
  const wanted = codecs.turbo(image, size!, part);
  // A difference of large buffers would take seconds to print.
  expect(pixels!.equals(wanted!), `${name} has libjpeg's pixels`).toBe(true);
}

describe('the SIMD decoder computes the pixels of libjpeg-turbo', () => {
  it('for each size modulo 16, with and without shared colour samples', async () => {
    for (let i = 0; i < 32; i++) {
      const width = 5 + ((i * 7) % 32);
      const height = 1 + ((i * 11) % 32);
      for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
        const name = `${width} x ${height}, ${chromaSubsampling}`;
        expectSame(await noise(width, height, 256, { quality: 90, chromaSubsampling }), name);
      }
    }
  });

  it('for each quality, kind of table and contrast', async () => {
    for (const quality of [1, 5, 25, 50, 80, 95, 100]) {
      for (const steps of [2, 3, 256]) {
        const optimiseCoding = random.int(0, 1) === 1;
        const options = { quality, optimiseCoding, chromaSubsampling: random.pick(['4:2:0', '4:4:4']) };
        expectSame(await noise(50, 35, steps, options), JSON.stringify({ ...options, steps }));
      }
    }
  });

  it('for grey images', async () => {
    for (const width of [1, 2, 15, 16, 17, 40]) {
      expectSame(await noise(width, 21, 256, { quality: 80 }, 1), `grey, ${width} wide`);
    }
    expectSame(golden('grey-jpeg.jpg'), 'a grey file');
  });

  it.each([
    'chroma-420.jpg',
    'chroma-422.jpg',
    'chroma-444.jpg',
    'restarts.jpg',
    'rgb.jpg',
    'orientation-6.jpg',
  ])('for %s, which Pillow has written', (name) => expectSame(golden(name), name));

  it('for an image whose lines, not columns, share colour samples', () => {
    // With width and height swapped, the scan of a 4:2:2 image has the MCUs of a 4:4:0 one.
    const image = Buffer.from(golden('chroma-422.jpg'));
    const frame = image.indexOf(Buffer.of(0xff, 0xc0));
    const size = image.readUInt32BE(frame + 5);
    image.writeUInt32BE(((size << 16) | (size >>> 16)) >>> 0, frame + 5);
    expect(image[frame + 11]).toBe(0x21);
    image[frame + 11] = 0x12;
    expectSame(image, '4:4:0');
  });

  it('for coefficients far beyond the range of samples, or refuses them', async () => {
    const counts = { decoded: 0, refused: 0 };
    for (let quantiser = 2; quantiser <= 255; quantiser += 11) {
      const image = await noise(32, 32, 3, { quality: 100, chromaSubsampling: '4:4:4' });
      const tables = image.indexOf(Buffer.of(0xff, 0xdb)) + 5;
      image.fill(quantiser, tables, tables + 64);
      const { size } = readImageHeader(image);
      const refused = codecs.simd(image, size!) === null;
      if (!refused) expectSame(image, `quantiser ${quantiser}`);
      counts[refused ? 'refused' : 'decoded'] += 1;
    }
    expect(counts.decoded).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(0);
  });

  it('for parts of an image', async () => {
    const [width, height] = [83, 71];
    for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
      const image = await noise(width, height, 256, { quality: 90, chromaSubsampling });
      for (let i = 0; i < 40; i++) {
        const left = random.int(0, width - 1);
        const top = random.int(0, height - 1);
        const part = {
          left,
          top,
          width: random.int(1, width - left),
          height: random.int(1, height - top),
        };
        expectSame(image, `${chromaSubsampling} ${JSON.stringify(part)}`, part);
      }
    }
  });
});

describe('the SIMD decoder refuses', () => {
  const flat = async (options: JpegOptions) => noise(40, 40, 256, options);
  const scanOf = (image: Buffer) => image.indexOf(Buffer.of(0xff, 0xda));

  it.each<readonly [string, () => Promise<Buffer>]>([
    ['a progressive image', async () => flat({ progressive: true })],
    ['CMYK', async () => golden('cmyk.jpg')],
    ['a file without its end', async () => (await flat({})).subarray(0, -2)],
    ['a file that is cut off', async () => (await flat({})).subarray(0, 900)],
    [
      'bytes after the scan',
      async () => {
        const image = await flat({});
        return Buffer.concat([image.subarray(0, -2), Buffer.alloc(9, 1), image.subarray(-2)]);
      },
    ],
    [
      'a restart marker that nobody announced',
      async () => {
        const image = await flat({});
        const middle = scanOf(image) + 400;
        return Buffer.concat([image.subarray(0, middle), Buffer.of(0xff, 0xd0), image.subarray(middle)]);
      },
    ],
    [
      'a scan without its Huffman table',
      async () => {
        const image = await flat({});
        image[image.indexOf(Buffer.of(0xff, 0xc4)) + 4] = 3;
        return image;
      },
    ],
    [
      'Huffman codes that are more than there can be',
      async () => {
        const image = await flat({});
        image[image.indexOf(Buffer.of(0xff, 0xc4)) + 5] = 9;
        return image;
      },
    ],
    [
      'a Huffman code of ones only',
      async () => {
        const image = await flat({ optimiseCoding: false });
        const table = image.indexOf(Buffer.of(0xff, 0xc4, 0, 31));
        image[table + 3] = 32;
        // The standard table has one code of 9 bits, which ends with a zero. It gets a sibling.
        image[table + 5 + 8] = 2;
        return Buffer.concat([image.subarray(0, table + 33), Buffer.of(11), image.subarray(table + 33)]);
      },
    ],
    [
      'colours that are RGB',
      async () => {
        const image = await flat({ chromaSubsampling: '4:4:4' });
        const frame = image.indexOf(Buffer.of(0xff, 0xc0));
        const scan = scanOf(image);
        for (const [i, id] of ['R', 'G', 'B'].entries()) {
          image.write(id, frame + 10 + 3 * i);
          image.write(id, scan + 5 + 2 * i);
        }
        return image;
      },
    ],
  ])('%s', async (_what, make) => {
    const image = await make();
    const { size } = readImageHeader(image);
    expect(codecs.simd(image, size!)).toBeNull();
  });

  it('an image of another size than that of its header', async () => {
    expect(codecs.simd(await flat({}), { width: 40, height: 41 })).toBeNull();
  });
});
