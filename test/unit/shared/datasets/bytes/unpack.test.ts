import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpack } from '#forebay/shared/datasets/bytes/unpack/unpack.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { storedZstd, ZSTD_ROWS, zstdBomb, zstdRows } from '../../../../support/zstd.ts';

const never = new AbortController().signal;
const MB = 2 ** 20;

/** Unpacks a file that comes in chunks of `chunk` bytes. */
async function unpacked(bytes: Uint8Array, chunk = 65_536, size: number | null = bytes.length) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const plain: Uint8Array[] = [];
  for await (const piece of unpack(
    { name: 'rows.jsonl', size, chunks: chunks() },
    { maxRatio: 200 },
    never,
  )) {
    plain.push(piece);
  }
  return Buffer.concat(plain);
}

const refused = (bytes: Uint8Array, message: RegExp, size?: number | null) =>
  expect(unpacked(bytes, 65_536, size)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringMatching(message),
  });

const TEXT = Buffer.from('{"x":1}\n'.repeat(100_000));

describe('the first bytes tell what a file is', () => {
  it.each([
    ['a plain file', TEXT],
    ['gzip', gzipSync(TEXT)],
    [
      'gzip of several members',
      Buffer.concat([gzipSync(TEXT.subarray(0, 100)), gzipSync(TEXT.subarray(100))]),
    ],
    ['zstd', storedZstd(TEXT)],
    [
      'zstd of several frames',
      Buffer.concat([storedZstd(TEXT.subarray(0, 80)), storedZstd(TEXT.subarray(80))]),
    ],
    [
      'zstd after a skippable frame',
      Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]), storedZstd(TEXT)]),
    ],
    ['a file of one byte', Buffer.from('1')],
    ['an empty file', Buffer.alloc(0)],
  ])('%s', async (name, bytes) => {
    const wanted = bytes.length < 2 ? bytes : TEXT;
    for (const chunk of name === 'a plain file' ? [100_000] : [999, 65_536]) {
      expect((await unpacked(bytes, chunk)).equals(wanted)).toBe(true);
    }
  });

  it('zstd with real compression and a checksum, in pieces of any size', async () => {
    for (const chunk of [1, 7, 1000]) expect((await unpacked(ZSTD_ROWS, chunk)).toString()).toBe(zstdRows());
  });

  it('zstd whose output ends with a full buffer', async () => {
    expect(await unpacked(zstdBomb(2))).toHaveLength(256 * 1024);
  });

  it('an archive of nothing is empty', async () => {
    expect(await unpacked(gzipSync(''))).toHaveLength(0);
    expect(await unpacked(storedZstd(Buffer.alloc(0)))).toHaveLength(0);
  });
});

describe('damaged archives are refused', () => {
  const broken = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 0xff;
    return copy;
  };

  it.each([
    ['a truncated gzip', gzipSync(TEXT).subarray(0, -9), /gzip file: it ends too early/],
    ['a gzip of which only the magic number is there', gzipSync(TEXT).subarray(0, 3), /ends too early/],
    [
      'a gzip with a wrong checksum',
      broken(gzipSync(TEXT), gzipSync(TEXT).length - 6),
      /incorrect data check/,
    ],
    ['a gzip with wrong data', broken(gzipSync(TEXT), 40), /damaged gzip/],
    ['a truncated zstd', ZSTD_ROWS.subarray(0, 120), /rows\.jsonl is a damaged zstd file: it ends too early/],
    ['a zstd without its checksum', ZSTD_ROWS.subarray(0, -4), /ends too early/],
    ['a zstd with a wrong checksum', broken(ZSTD_ROWS, ZSTD_ROWS.length - 1), /checksum does not match/],
    ['a zstd with wrong data', broken(ZSTD_ROWS, 30), /corrupt|checksum/],
    ['a zstd with something behind it', Buffer.concat([ZSTD_ROWS, TEXT]), /other data follows/],
    ['a zstd with a window of 1 GB', storedZstd(TEXT, 30), /more than 128 MB/],
  ])('%s', async (_, bytes, message) => refused(bytes, message));
});

describe('other archives are refused with what to do', () => {
  it.each([
    ['twice compressed, gzip', gzipSync(gzipSync(TEXT)), /compressed twice/],
    ['twice compressed, zstd in gzip', gzipSync(ZSTD_ROWS), /compressed twice/],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), /compressed with xz.*Use gzip or zstd/],
    ['bzip2', Buffer.from('BZh91AY&SYabc'), /bzip2/],
    ['a bomb in gzip', gzipSync(Buffer.alloc(66 * MB)), /more than 200 times/],
    ['a bomb in zstd', zstdBomb(520), /more than 200 times/],
  ])('%s', async (_, bytes, message) => refused(bytes, message));

  it('a bomb whose size is not known', async () => {
    await refused(zstdBomb(520), /more than 200 times/, null);
  });
});

it('passes on an error of the source, and closes it', async () => {
  let closed = 0;
  const failing = async function* () {
    try {
      yield gzipSync(TEXT).subarray(0, 100);
      throw new ForebayError('storage_unavailable', 'gone');
    } finally {
      closed += 1;
    }
  };
  const read = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const _ of unpack({ name: 'x', size: 100, chunks }, { maxRatio: 200 }, never)) break;
  };
  await expect(read(failing())).rejects.toMatchObject({ code: 'storage_unavailable' });
  const endless = Readable.from(
    (function* () {
      try {
        for (;;) yield TEXT;
      } finally {
        closed += 1;
      }
    })(),
  );
  await read(endless);
  await expect(read(Readable.from([gzipSync(gzipSync('x'))]))).rejects.toMatchObject({ message: /twice/ });
  expect(closed).toBe(2);
});
