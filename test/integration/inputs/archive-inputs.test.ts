// Jobs whose rows are members of archives: a real API and worker.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTar, makeZip } from '../../support/archives.ts';
import {
  colourImage,
  readOutput,
  startService,
  upTo,
  writeImages,
  type OutputRow,
  type Service,
} from '../../support/service.ts';

let service: Service;
let images: Buffer[];
beforeAll(async () => {
  [service, images] = await Promise.all([
    startService(),
    Promise.all([0, 1, 2].map(async (label) => colourImage(label))),
  ]);
});
afterAll(async () => service?.close());

const ROWS = 30;
const image = (i: number) => images[i % 3]!;
const answers = (rows: readonly OutputRow[]) => rows.map(({ predictions }) => predictions);

async function run(input: object, name: string, blockRows = 4) {
  const output = service.out(name);
  const { id } = await service.submit({ input, output, options: { block_rows: blockRows } });
  const job = await service.ended(id);
  return { job, rows: readOutput(output), errors: readOutput(output, 'errors') };
}

describe('archives', () => {
  it('answer like the folder of their files: a zip, and shards of WebDataset', async () => {
    const folder = join(service.input, 'photos');
    await writeImages(folder, ROWS);
    const expected = answers((await run({ type: 'files', path: folder }, 'folder')).rows);
    expect(expected).toHaveLength(ROWS);

    const zip = join(service.input, 'photos.zip');
    writeFileSync(
      zip,
      makeZip([
        ...upTo(ROWS).map((i) => ({
          name: `p/${String(i).padStart(3, '0')}.png`,
          body: image(i),
          method: i % 2 && 8,
        })),
        { name: 'p/notes.txt', body: 'no image' },
      ]),
    );
    const fromZip = await run({ type: 'archive', path: zip }, 'zip');
    expect(fromZip.job).toMatchObject({
      status: 'completed',
      rows: { total: ROWS, succeeded: ROWS, failed: 0 },
      skipped: { not_images: { count: 1, first: ['p/notes.txt'] } },
    });
    expect(answers(fromZip.rows)).toEqual(expected);
    expect(fromZip.rows[7]!.id).toBe('p/007.png');

    const half = ROWS / 2;
    for (const shard of [0, 1]) {
      const samples = upTo(half).flatMap((i) => [
        { name: `${i}.png`, body: image(shard * half + i) },
        { name: `${i}.json`, body: `{"label":${i}}` },
      ]);
      writeFileSync(join(service.input, `shard-${shard}.tar`), makeTar(samples));
    }
    const shards = join(service.input, 'shard-{0..1}.tar');
    const fromShards = await run({ type: 'archive', path: shards }, 'shards');
    expect(fromShards.job).toMatchObject({ status: 'completed', rows: { total: ROWS, succeeded: ROWS } });
    expect(answers(fromShards.rows)).toEqual(expected);
    expect(fromShards.rows[half]!.id).toBe('shard-1.tar/0');
    const glob = await run({ type: 'archive', path: join(service.input, 'shard-*.tar') }, 'glob', 7);
    expect(answers(glob.rows)).toEqual(expected);
  });

  it('run their failed rows again, when the archive is whole', async () => {
    const path = join(service.input, 'some.tar');
    const member = (i: number, isBad: boolean) => ({ name: `${i}.png`, body: isBad ? 'no image' : image(i) });
    writeFileSync(path, makeTar(upTo(10).map((i) => member(i, i === 2 || i === 7))));
    const first = await run({ type: 'archive', path }, 'some');
    expect(first.errors.map(({ id, error }) => [id, error?.code])).toEqual([
      ['2.png', 'unsupported_format'],
      ['7.png', 'unsupported_format'],
    ]);
    writeFileSync(path, makeTar(upTo(10).map((i) => member(i, false))));
    const response = await service.post(`/v1/jobs/${first.job.id}/retry`, {});
    const { id } = (await response.json()) as { id: string };
    expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { total: 2, succeeded: 2 } });
    expect(readOutput(service.out('some'))).toHaveLength(10);
  });

  it('that are damaged cost the rows after the damage, and an archive of another kind is refused', async () => {
    const path = join(service.input, 'cut.tar');
    const whole = makeTar(upTo(10).map((i) => ({ name: `${i}.png`, body: image(i) })));
    const row = whole.indexOf('5.png');
    writeFileSync(path, whole.subarray(0, row + 600));
    const { job, errors } = await run({ type: 'archive', path }, 'cut');
    expect(job.rows).toMatchObject({ total: 6, succeeded: 5, failed: 1 });
    expect(errors).toMatchObject([{ id: '5.png', error: { code: 'file_unreadable' } }]);
    const text = join(service.input, 'text.tar');
    writeFileSync(text, 'no archive '.repeat(100));
    const refused = await service.post('/v1/jobs', {
      model: 'tiny',
      input: { type: 'archive', path: text },
    });
    expect(await refused.json()).toMatchObject({
      code: 'input_unreadable',
      detail: expect.stringMatching(/neither a tar nor a zip/),
    });
  });
});
