import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { openSlice } from '#forebay/shared/datasets/open-slice.js';
import { makeTar, makeZip, padded, tarHeader, type TarFile } from '../../../../support/archives.ts';
import { filesOf, LIMITS, listedOf, rowsOf, slicesOf, specOf } from '../../../../support/archive-rows.ts';

const never = new AbortController().signal;
const GROUPED = { grouped: true } as const;

async function read(bytes: Buffer, more: Parameters<typeof specOf>[1] = {}, size = 3) {
  const files = filesOf({ '/in/a': bytes });
  const spec = specOf('/in/a', more);
  const rows = await rowsOf(files, spec, size);
  const listed = await listedOf(files, spec);
  expect(listed.rows).toEqual(rows);
  return { rows, skipped: listed.skipped };
}

const jpg = (name: string, body = name): TarFile => ({ name, body });
const named = (names: readonly string[]) => names.map((name) => jpg(name));

describe('rows of an archive', () => {
  it('have the names of members as ids, also odd ones, which never become paths', async () => {
    const names = [
      './a.jpg',
      '../up.jpg',
      '/etc/passwd',
      'x/../y.jpg',
      'a b\\c.jpg',
      'ä.jpg',
      'new\nline.jpg',
    ];
    const ids = ['a.jpg', ...names.slice(1)];
    expect((await read(makeTar(named(names)))).rows).toEqual(ids.map((id, i) => [id, names[i]]));
    expect((await read(makeZip(named(names)))).rows).toEqual(ids.map((id, i) => [id, names[i]]));
  });

  it('pass the globs; other formats and hidden members are left out and counted', async () => {
    const files = named(['a/1.jpg', 'a/2.png', 'a/x.txt', 'b/3.jpg', 'a/.x/4.jpg', '__MACOSX/a/._1.jpg']);
    const { rows, skipped } = await read(makeZip(files), {
      include: ['a/**', '__MACOSX/**'],
      exclude: ['**/*.png'],
    });
    expect(rows).toEqual([['a/1.jpg', 'a/1.jpg']]);
    expect(skipped).toEqual({
      not_images: { count: 1, first: ['a/x.txt'] },
      hidden: { count: 2, first: ['a/.x/4.jpg', '__MACOSX/a/._1.jpg'] },
    });
    const texts = await read(makeZip(files), { include: ['**/*.txt'] });
    expect(texts.rows).toEqual([['a/x.txt', 'a/x.txt']]);
  });

  it('with the same name are both rows', async () => {
    const twice = [jpg('a.jpg', 'one'), jpg('a.jpg', 'two')];
    const rows = [
      ['a.jpg', 'one'],
      ['a.jpg', 'two'],
    ];
    expect((await read(makeTar(twice))).rows).toEqual(rows);
    expect((await read(makeZip(twice))).rows).toEqual(rows);
  });

  it('have names in Latin-1 or code page 437 if they are not UTF-8', async () => {
    const latin = tarHeader({ name: 'AB.jpg', body: 'x' });
    latin[1] = 0xe4;
    let sum = 0;
    for (const [i, byte] of latin.entries()) sum += i >= 148 && i < 156 ? 32 : byte;
    latin.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect((await read(Buffer.concat([latin, padded('x')]))).rows).toEqual([['Aä.jpg', 'x']]);
    const dos = { name: Buffer.from([0x84, 0xe1, 0x2e, 0x6a, 0x70, 0x67]), body: 'x' };
    expect((await read(makeZip([dos]))).rows).toEqual([['äß.jpg', 'x']]);
  });

  it('say why they cannot be read, and cost nobody else', async () => {
    const zip = makeZip([
      { name: 'crc.jpg', body: 'x', crc: 1 },
      { name: 'size.jpg', body: 'x'.repeat(100), size: 50 },
      { name: 'bomb.jpg', body: Buffer.alloc(999_999 + 100_000 * 2) },
      { name: 'large.jpg', body: 'y', size: 1_000_001 },
      { name: 'ok.jpg', body: 'fine' },
      { name: 'empty.jpg' },
    ]);
    const { rows } = await read(zip);
    expect(rows).toEqual([
      ['crc.jpg', 'file_unreadable: the member is damaged: its checksum is wrong'],
      ['size.jpg', expect.stringMatching(/^file_unreadable: the member has another size than the index/)],
      ['bomb.jpg', expect.stringMatching(/^file_too_large: the member has 1199999 bytes/)],
      ['large.jpg', expect.stringMatching(/^file_too_large/)],
      ['ok.jpg', 'fine'],
      ['empty.jpg', ''],
    ]);
    const tar = makeTar([jpg('a.jpg', 'x'.repeat(1_000_001)), jpg('b.jpg')]);
    expect((await read(tar)).rows).toEqual([
      [
        'a.jpg',
        expect.stringMatching(/^file_too_large: the member has 1000001 bytes, and the limit is 1000000/),
      ],
      ['b.jpg', 'b.jpg'],
    ]);
  });

  it('are cut by size, wherever cutting stops and continues, and count what is left out once', async () => {
    const name = fc.constantFrom(
      'a.jpg',
      'a.txt',
      'a.json',
      'b.jpg',
      'c.jpg',
      'c/d.jpg',
      'none',
      '.h.jpg',
      'c.cls',
    );
    const format = fc.constantFrom(makeTar, makeZip);
    await fc.assert(
      fc.asyncProperty(
        fc.array(name, { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        format,
        async (names, size, grouped, make) => {
          const files = filesOf({ '/in/a': make(names.map((n) => jpg(n, n.endsWith('json') ? '{}' : n))) });
          const spec = specOf('/in/a', { grouped });
          const rows = await rowsOf(files, spec, size);
          const { rows: listed, skipped } = await listedOf(files, spec);
          expect(rows).toEqual(listed);
          const all = await slicesOf(files, spec, size);
          expect(all.slice(0, -1).every((slice) => slice.rows === size)).toBe(true);
          for (const [i, { cursor }] of all.entries()) {
            expect(await slicesOf(files, spec, size, cursor)).toEqual(all.slice(i + 1));
          }
          const counted = Object.entries(all.at(-1)?.cursor.skipped ?? {});
          for (const [reason, { count }] of counted)
            expect(count).toBeLessThanOrEqual(skipped[reason]!.count);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('explain patterns that match nothing', async () => {
    const files = filesOf({ '/in/a': makeZip(named(['a.jpg', 'b.jpg'])) });
    const why = async (include: string[]) =>
      openDataset(specOf('/in/a', { include }), { files }).whyEmpty!(never);
    const anyCase = openDataset(specOf('/in/a', { include: ['*.JPG'], ignore_case: true }), { files });
    expect(await anyCase.count(9, never)).toBe(2);
    expect(await why(['*.JPG'])).toMatch(/"\*\.jpg" matches 2 files: letter case matters/);
    expect(await why(['x/*'])).toMatch(/^The archive holds 2 files, such as "a.jpg"/);
  });
});

describe('groups of members', () => {
  it('have their members as fields, and the image under its own name', async () => {
    const tar = makeTar([
      jpg('s/1.jpg', 'image'),
      jpg('s/1.seg.png', 'mask'),
      jpg('s/1.json', '{"caption":"c","id":7}'),
      jpg('s/1.cls', '3'),
      jpg('s/1.txt', 'text'),
      jpg('s/2.PNG', 'second'),
    ]);
    expect((await read(tar, GROUPED)).rows).toEqual([
      ['s/1', expect.objectContaining({ image: 'image', caption: 'c', text: 'text', label: 3 })],
      ['s/2', { png: 'second', image: 'second' }],
    ]);
    const masks = await read(tar, { ...GROUPED, columns: { image: 'seg.png' } });
    expect(masks.rows[0]![1]).toMatchObject({ image: 'mask' });
    expect(masks.rows[1]![1]).toMatch(
      /^invalid_row: the group has no "seg.png". Its members are "png"\. Members of/,
    );
  });

  it('take fields from JSON members by columns', async () => {
    const tar = makeTar([jpg('1.json', '{"photo":"x.jpg","caption":"c"}')]);
    const images = await read(tar, { ...GROUPED, columns: { image: 'photo' } });
    expect(images.rows[0]![1]).toMatchObject({ image: 'x.jpg' });
    const texts = await read(tar, { ...GROUPED, reads: 'record', columns: { text: 'caption' } });
    expect(texts.rows[0]![1]).toMatchObject({ text: 'c' });
  });

  it('pass on whole numbers of any size, as they are written', async () => {
    const big = '9007199254740993';
    const tar = makeTar([
      jpg('1.jpg'),
      jpg('1.json', `{ "user": ${big},\n "all": [1.50, {"a b": -${big}}], "text": "${big}", "x": 1 }`),
      jpg('1.id', `${big}\n`),
      jpg('1.cls', '7'),
    ]);
    const names = ['user', 'all', 'text', 'x', 'id', 'cls', 'none'];
    const join = names.map((name) => ({ column: name, name }));
    const files = filesOf({ '/in/a': tar });
    const [slice] = await slicesOf(files, specOf('/in/a', GROUPED), 1);
    const texts: string[] = [];
    const spec = specOf('/in/a', { ...GROUPED, join });
    for await (const chunk of openSlice(files, spec, { ...slice!, count: 1 }, never, { limits: LIMITS }))
      texts.push(chunk.joined!().json(0));
    expect(texts).toEqual([
      `{"user":${big},"all":[1.50,{"a b":-${big}}],"text":"${big}","x":1,"id":${big},"cls":7,"none":null}`,
    ]);
  });

  it('that cannot be used say why', async () => {
    const tar = makeTar([
      jpg('1.txt', 'only text'),
      jpg('2.jpg', 'a'),
      jpg('2.jpg', 'b'),
      jpg('3.jpg', 'ok'),
      jpg('3.json', '{'),
      jpg('4.jpg', 'ok'),
      jpg('4.txt', 'x'),
      jpg('4a.jpg', 'ok'),
      jpg('4a.json', '{"a":{"b":[0,-1e999]}}'),
      ...Array.from({ length: 101 }, (_, i) => jpg(`5.x${i}`)),
      jpg('README'),
      jpg('__meta__', '{}'),
    ]);
    const { rows, skipped } = await read(tar, GROUPED);
    expect(rows.map(([id, row]) => [id, typeof row === 'string' ? row : 'ok'])).toEqual([
      [
        '1',
        'invalid_row: the group has no image. Its members are "txt". If one of them is the image, name it, as in "columns": {"image": "jpg"}. Members of a group must follow each other: if the others come later, pack the files by name (tar --sort=name)',
      ],
      ['2', 'file_unreadable: two members are named 2.jpg'],
      ['3', expect.stringMatching(/^file_unreadable: the member "json" is not JSON/)],
      ['4', 'ok'],
      [
        '4a',
        'file_unreadable: the member "json" has "/a/b/1", which is a number beyond 1.8e308, the largest 64-bit float',
      ],
      ['5', 'file_unreadable: more than 100 members have this key'],
    ]);
    expect(skipped).toEqual({
      no_extension: { count: 1, first: ['README'] },
      hidden: { count: 1, first: ['__meta__'] },
    });
  });
});

describe('several archives', () => {
  const shard = (rows: readonly string[]) => makeTar(named(rows.map((row) => `${row}.jpg`)));
  const files = filesOf({
    '/in/s-0.tar': shard(['0', '1', '2', '3', '4']),
    '/in/s-1.tar': shard([]),
    '/in/s-2.tar': makeZip(named(['0.jpg'])),
    '/in/s-3.tar': shard(['0', '1']),
  });
  const spec = specOf('/in/s-{0..3}.tar', { shards: 'braces' });

  it('are one dataset, whose slices reach over them, and whose ids name them', async () => {
    const rows = await rowsOf(files, spec, 4);
    expect(rows.map(([id]) => id)).toEqual([
      ...['0', '1', '2', '3', '4'].map((n) => `s-0.tar/${n}.jpg`),
      's-2.tar/0.jpg',
      's-3.tar/0.jpg',
      's-3.tar/1.jpg',
    ]);
    expect((await listedOf(files, spec)).rows).toEqual(rows);
    const slices = await slicesOf(files, spec, 4);
    expect(slices.map((slice) => slice.rows)).toEqual([4, 4]);
    expect(JSON.parse(slices[1]!.ref)).toHaveLength(3);
    for (const [i, { cursor }] of slices.entries()) {
      expect(await slicesOf(files, spec, 4, cursor)).toEqual(slices.slice(i + 1));
    }
  });

  it('that changed since the job was submitted fail its blocks', async () => {
    const changed = filesOf({ '/in/s-0.tar': shard(['0']), '/in/s-1.tar': shard([]) });
    const [slice] = await slicesOf(files, specOf('/in/s-0.tar'), 5);
    const { firstRow, rows: count, ref, check } = slice!;
    const source = openDataset(specOf('/in/s-0.tar'), { files: changed });
    await expect(source.names!({ firstRow, count, ref, check }, never)).rejects.toMatchObject({
      code: 'dataset_changed',
    });
  });
});
