import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { spoolInline } from '#forebay/shared/datasets/inline/inline-source.js';
import { spoolUrls } from '#forebay/shared/datasets/urls/urls-source.js';
import { packInline, packUrls } from '../../../support/packed.ts';
import type { RowRef } from '#forebay/shared/domain/row.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'forebay-spool-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function spooled(...rows: { id: string; data: string }[]): Promise<{ rows: RowRef[]; bytes: Buffer }> {
  const [spool, blob] = [join(dir, 'new', 'rows'), join(dir, 'new', 'blob')];
  await spoolInline(spool, blob, packInline(rows));
  const read: RowRef[] = [];
  const source = openDataset({ type: 'inline', spool, blob });
  for await (const { row } of source.read(null, new AbortController().signal)) read.push(row);
  return { rows: read, bytes: await readFile(blob) };
}

it('keeps inline rows as offsets into one blob', async () => {
  const { rows, bytes } = await spooled(
    { id: 'first', data: Buffer.from('hello').toString('base64') },
    { id: 'line\nbreak "quoted"', data: '' },
    { id: 'url-safe', data: Buffer.from([251, 255]).toString('base64url') },
    { id: 'wrapped', data: 'aGVs\nbG8=\r\n' },
  );
  expect(rows).toEqual([
    { id: 'first', at: '0+5' },
    { id: 'line\nbreak "quoted"', at: '5+0' },
    { id: 'url-safe', at: '5+2' },
    { id: 'wrapped', at: '7+5' },
  ]);
  expect(bytes).toEqual(Buffer.from('hello\u{0}\u{0}hello').fill(Buffer.from([251, 255]), 5, 7));
});

it.each(['a', 'ab*d', 'abcd=', 'ab=', '====', 'data:image/png;base64,AAAA', 'ab=c'])(
  'makes the bad base64 %j a bad row and keeps the others',
  async (data) => {
    const { rows } = await spooled({ id: 'bad', data }, { id: 'good', data: 'AAAA' });
    expect(rows).toEqual([
      { id: 'bad', at: 'invalid:"data" is not valid base64' },
      { id: 'good', at: '0+3' },
    ]);
  },
);

it('keeps several pieces of bytes in order', async () => {
  const chunks = Array.from({ length: 5 }, (_, i) => Buffer.alloc(700_000, i));
  const { rows, bytes } = await spooled(
    ...chunks.map((chunk, i) => ({ id: `${i}`, data: chunk.toString('base64') })),
  );
  expect(rows.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4].map((i) => `${i * 700_000}+700000`));
  expect(bytes.equals(Buffer.concat(chunks))).toBe(true);
});

it('names the folder that cannot be written', async () => {
  await spoolUrls(join(dir, 'file'), packUrls(['http://x/']));
  await expect(spoolUrls(join(dir, 'file', 'below'), packUrls(['http://x/']))).rejects.toMatchObject({
    code: 'storage_unavailable',
    message: expect.stringContaining(join(dir, 'file')),
  });
});
