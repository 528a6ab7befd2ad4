// Archives of real tools. See test/fixtures/archives/README.md.
import { describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { listedOf, rowsOf, specOf } from '../../../../support/archive-rows.ts';

const at = (name: string) => new URL(`../../../../fixtures/archives/${name}`, import.meta.url).pathname;
const LONG = 'long'.repeat(30);

async function read(name: string, more: Parameters<typeof specOf>[1] = {}) {
  const spec = specOf(at(name), more);
  const rows = await rowsOf(LOCAL_FILES, spec);
  const listed = await listedOf(LOCAL_FILES, spec);
  expect(listed.rows).toEqual(rows);
  return { rows, skipped: listed.skipped };
}

const FIVE_KB_OF_A = 'a'.repeat(5000);

describe('an archive of a real tool', () => {
  it.each(['gnu.tar', 'pax.tar'])('%s: files are rows, links and pipes are counted', async (name) => {
    const { rows, skipped } = await read(name);
    expect(rows).toEqual([
      ['cats/1.jpg', 'cat one'],
      ['cats/2.jpg', 'cat two'],
      ['dogs and more/ä 1.jpg', 'dog'],
      [`${LONG}/${LONG}.jpg`, 'far'],
    ]);
    expect(skipped).toEqual({
      hidden: { count: 1, first: ['.hidden/x.jpg'] },
      archive_links: { count: 2, first: ['cats/hard.jpg', 'cats/link.jpg'] },
      not_images: { count: 1, first: ['notes.txt'] },
      special_files: { count: 1, first: ['pipe'] },
    });
  });

  it('python.tar: long names and names beyond ASCII', async () => {
    expect((await read('python.tar')).rows).toEqual([
      ['bé.jpg', 'one'],
      [`${'x/'.repeat(60)}y.jpg`, 'two'],
    ]);
  });

  it('v7.tar: headers without a magic', async () => {
    expect((await read('v7.tar')).rows.map(([id]) => id)).toEqual(['cats/1.jpg', 'cats/2.jpg']);
  });

  it.each(['sparse-gnu.tar', 'sparse-pax.tar'])('%s: a sparse file costs one row', async (name) => {
    expect((await read(name)).rows).toEqual([
      ['sparse.jpg', expect.stringMatching(/^file_unreadable: the member is a sparse file/)],
      ['z.jpg', 'after'],
    ]);
  });

  it('webdataset.tar: members with the same key are one row', async () => {
    const { rows } = await read('webdataset.tar', { grouped: true, reads: 'record', listing: 3 });
    expect(rows[1]).toEqual(['001', { text: 'a 001', json: { text: 'a 001' }, cls: 1, label: 1 }]);
    const images = await read('webdataset.tar', { grouped: true });
    expect(images.rows.map(([id, fields]) => [id, (fields as { image: string }).image])).toEqual([
      ['000', 'image 000'],
      ['001', 'image 001'],
      ['002', 'image 002'],
    ]);
  });

  it.each(['info-zip.zip', 'prefixed.zip'])('%s: stored and deflated members', async (name) => {
    const { rows, skipped } = await read(name);
    expect(Object.fromEntries(rows)).toEqual({
      'cats/1.jpg': 'cat one',
      'cats/2.jpg': 'cat two',
      'cats/hard.jpg': 'cat two',
      'cats/3.jpg': FIVE_KB_OF_A,
      'dogs and more/ä 1.jpg': 'dog',
    });
    expect(skipped).toEqual({
      archive_links: { count: 1, first: ['cats/link.jpg'] },
      not_images: { count: 1, first: ['notes.txt'] },
      hidden: { count: 1, first: ['.hidden/x.jpg'] },
    });
  });

  it('streamed.zip: sizes that follow the content', async () => {
    const { rows } = await read('streamed.zip');
    expect(Object.fromEntries(rows)).toMatchObject({ 'cats/1.jpg': 'cat one', 'cats/3.jpg': FIVE_KB_OF_A });
  });

  it('zip64.zip: sizes of 64 bits', async () => {
    expect((await read('zip64.zip')).rows).toEqual([
      ['a.jpg', 'first'],
      ['b.jpg', 'second'.repeat(100)],
    ]);
  });

  it('encrypted.zip and methods.zip: what cannot be unpacked is a row that says why', async () => {
    expect((await read('encrypted.zip')).rows).toEqual([
      ['cats/1.jpg', expect.stringMatching(/^file_unreadable: the member is encrypted/)],
    ]);
    expect((await read('methods.zip')).rows).toEqual([
      ['bz.jpg', expect.stringMatching(/is compressed with bzip2 \(method 12\)/)],
      ['lzma.jpg', expect.stringMatching(/is compressed with LZMA \(method 14\)/)],
      ['ok.jpg', 'content '.repeat(20)],
    ]);
  });
});
