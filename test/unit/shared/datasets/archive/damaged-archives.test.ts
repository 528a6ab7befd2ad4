// Archives that are cut off or damaged anywhere: no crash, no hang, and only known codes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForebayError } from '#forebay/shared/errors.js';
import { createRandom } from '../../../../support/random.ts';
import { makeTar, makeZip, padded, tarHeader } from '../../../../support/archives.ts';
import { filesOf, rowsOf, specOf } from '../../../../support/archive-rows.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../../../fixtures/archives/${name}`, import.meta.url));

type Rows = [string, unknown][];

/** The rows, or the code of the refusal. */
async function read(bytes: Buffer, grouped = false): Promise<Rows | string> {
  try {
    return await rowsOf(filesOf({ '/in/a': bytes }), specOf('/in/a', { grouped, listing: 3 }));
  } catch (error) {
    if (error instanceof ForebayError) return error.code;
    throw error;
  }
}

const BAD = /^(file_unreadable|file_too_large|fetch_inflated|invalid_row): /;
const isGood = ([, row]: [string, unknown]) => !(typeof row === 'string' && BAD.test(row));

const FILES = [
  { name: 'a.jpg', body: 'first' },
  { name: 'b.jpg', body: 'second'.repeat(10) },
];
const SMALL_TAR = makeTar(FILES).subarray(0, 2048);
const SMALL_ZIP = makeZip(FILES);

/** Reads the bytes with one of them changed, many times. Returns what is neither rows nor a refusal. */
async function fuzz(bytes: Buffer, positions: number): Promise<unknown[]> {
  const random = createRandom(5);
  const odd: unknown[] = [];
  for (let i = 0; i < 150; i++) {
    const wrong = Buffer.from(bytes);
    const at = random.int(0, positions - 1);
    wrong[at] = [0, 0xff, wrong[at]! ^ 1, 0x39][i % 4]!;
    const rows = await read(wrong, i % 2 === 0);
    const isUsual =
      typeof rows === 'string' ? /^(input_unreadable|dataset_changed)$/.test(rows) : rows.length <= 4;
    if (!isUsual) odd.push([at, rows]);
  }
  return odd;
}

it('a group with JSON that nests too deeply fails alone', async () => {
  const json = (levels: number) => `{"text":"a","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const files = [
    { name: 'a.json', body: json(100_000) },
    { name: 'b.json', body: json(900) },
  ];
  expect(await read(makeTar(files), true)).toEqual([
    ['a', 'file_unreadable: the member "json" nests more than 1000 levels deep'],
    ['b', expect.stringContaining('has no image')],
  ]);
});

describe('a damaged archive', () => {
  it('tar: cut off at any byte, gives the rows before the cut and at most one error row', async () => {
    const odd: unknown[] = [];
    for (let end = 1; end < SMALL_TAR.length; end++) {
      const rows = await read(SMALL_TAR.subarray(0, end));
      if (typeof rows === 'string') {
        if (end >= 512) odd.push([end, rows]);
        continue;
      }
      const good = rows.filter(isGood).map(([id]) => id);
      // A cut behind the content of a member looks like the end of the archive.
      const isComplete = [1024, 2048].some(
        (next) => end <= next && end >= next - 512 + (next === 1024 ? 5 : 60),
      );
      const expected = ['a.jpg', 'b.jpg'].slice(0, end < 517 ? 0 : end < 1596 ? 1 : 2);
      const errors = isComplete ? 0 : 1;
      if (good.join() !== expected.join() || rows.length !== good.length + errors) odd.push([end, rows]);
    }
    expect(odd).toEqual([]);
  });

  it('zip: cut off at any byte, is refused, because its index is at the end', async () => {
    const codes = new Set<unknown>();
    for (let end = 0; end < SMALL_ZIP.length; end++) codes.add(await read(SMALL_ZIP.subarray(0, end)));
    expect([...codes]).toEqual(['input_unreadable']);
  });

  it.each([
    ['tar', SMALL_TAR, 1536],
    ['zip', SMALL_ZIP, SMALL_ZIP.length],
    ['zip64', fixture('zip64.zip'), 255],
    ['pax', fixture('python.tar'), 1536],
  ] as const)('%s: with any wrong byte, ends with rows or a refusal', async (_, bytes, positions) => {
    expect(await fuzz(bytes, positions)).toEqual([]);
  });

  it('says where a tar is damaged, and keeps the rows before it', async () => {
    const wrong = Buffer.from(SMALL_TAR);
    wrong[1024 + 10] = 1;
    expect(await read(wrong)).toEqual([
      ['a.jpg', 'first'],
      [
        'byte 1024',
        expect.stringMatching(/^file_unreadable: the archive is damaged at byte 1024: the checksum/),
      ],
    ]);
  });

  it('with sizes that no file has is one error row', async () => {
    const huge = Buffer.concat([tarHeader({ name: 'a.jpg', size: 2 ** 52, binarySize: true }), padded('x')]);
    expect(await read(huge)).toEqual([
      ['a.jpg', expect.stringMatching(/is cut off: 512 of 4503599627370496 bytes/)],
    ]);
    const longName = Buffer.concat([tarHeader({ name: 'x', type: 'L', size: 2 ** 21 }), Buffer.alloc(1024)]);
    expect(await read(longName)).toEqual([['byte 0', expect.stringMatching(/a header has more than 1 MB/)]]);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), /it is empty/],
    ['a text', Buffer.from('hello '.repeat(200)), /neither a tar nor a zip/],
    ['a RAR archive', Buffer.from(`Rar!${'\0'.repeat(600)}`), /it is a RAR archive/],
    ['a zip without its end', SMALL_ZIP.subarray(0, 100), /no index at its end/],
  ])('refuses %s', async (_, bytes, why) => {
    const files = filesOf({ '/in/a': bytes });
    await expect(rowsOf(files, specOf('/in/a'))).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(why),
    });
  });
});

describe('members that claim too little', () => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 2_654_435_761) >>> 24));

  it.each([0, 8])(
    'zip, method %d: contents larger than their size in the index are not loaded',
    async (method) => {
      const rows = await read(makeZip([{ name: 'a.jpg', body: noise, method, size: 10 }, ...FILES]));
      expect(rows[0]).toEqual(['a.jpg', expect.stringContaining('sizes that contradict each other')]);
      expect((rows as Rows).slice(1).every(isGood)).toBe(true);
    },
  );

  it('the members of a group count together', async () => {
    const member = (extension: string) => ({
      name: `k.${extension}`,
      body: JSON.stringify('x'.repeat(600_000)),
    });
    const rows = await read(
      makeTar([member('a.json'), member('b.json'), { name: 'l.a.json', body: '1' }]),
      true,
    );
    expect(rows).toMatchObject([
      ['k', expect.stringContaining('file_too_large')],
      ['l', expect.anything()],
    ]);
  });

  it('an archive that is named twice gives its rows twice', async () => {
    const files = filesOf({ '/in/a.tar': makeTar(FILES) });
    const spec = specOf('/in/{a,a}.tar', { listing: 3, shards: 'braces' });
    expect((await rowsOf(files, spec)).map(([id]) => id)).toHaveLength(4);
  });
});
