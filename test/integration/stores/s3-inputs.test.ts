// Jobs whose inputs are on S3: a real server, API and worker.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listing, refusing, serveS3, type Answer, type S3Answers } from '../../support/s3-answers.ts';
import { noSeaweedfs, startSeaweedfs, type S3Server } from '../../support/seaweedfs.ts';
import { colourImage, LABELS, readOutput, startService, upTo, type Service } from '../../support/service.ts';
import { ODD_NAMES, putPhotos } from '../../support/stored-photos.ts';

/** A bucket of 1500 images. For its first requests, its second page is throttled for longer than a client waits. */
function listsWithOutage(image: Buffer): Answer {
  const pages = listing('p/', 1500);
  const throttled = refusing(503, 'SlowDown', '', { 'retry-after': '3600' });
  let left = 3;
  return (request, response) => {
    if (!request.url!.includes('list-type=2')) {
      const key = request.url!.slice('/busy/'.length);
      return response.writeHead(200, { etag: `"${key}"` }).end(image);
    }
    return request.url!.includes('continuation-token') && left-- > 0
      ? throttled(request, response)
      : pages(request, response);
  };
}

describe.skipIf(noSeaweedfs !== null)(`inputs on S3 ${noSeaweedfs ?? ''}`, () => {
  let s3: S3Server;
  let service: Service;
  let images: Buffer[];
  let busy: S3Answers;
  let dir: string;

  beforeAll(async () => {
    [s3, images] = await Promise.all([
      startSeaweedfs('photos', 'secret'),
      Promise.all([0, 1, 2].map(colourImage)),
    ]);
    await putPhotos(s3, images, 30);
    await s3.put('photos', 'in/.thumbs/x.png', images[0]!);
    await s3.put('photos', 'outside/x.png', images[0]!);
    await s3.put('photos', 'in/broken/empty.png', '');
    await s3.put('secret', 'x.png', images[0]!);
    busy = await serveS3(listsWithOutage(images[0]!));
    dir = mkdtempSync(join(tmpdir(), 'forebay-s3-'));
    const stores = join(dir, 'stores.json');
    writeFileSync(
      stores,
      JSON.stringify({ stores: [{ match: 's3://busy', endpoint: busy.endpoint, credentials: 'none' }] }),
    );
    service = await startService({
      env: {
        FOREBAY_STORES: stores,
        ...s3.env,
        AWS_ENDPOINT_URL: s3.endpoint,
        FOREBAY_INPUT_ROOTS:
          '/:s3://photos/in/:s3://photos/names:s3://photos/delta:s3://no-such-bucket:s3://busy',
      },
    });
  });
  afterAll(async () => {
    await service?.close();
    await s3?.stop();
    await busy?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const run = async (input: object, name: string, more: object = {}) => {
    const { id } = await service.submit({ input, output: service.out(name), ...more });
    const job = await service.ended(id);
    return { job, rows: readOutput(service.out(name)), errors: readOutput(service.out(name), 'errors') };
  };
  const refusal = async (input: object) => {
    const response = await service.post('/v1/jobs', { model: 'tiny', input });
    return { status: response.status, ...((await response.json()) as { code: string; detail: string }) };
  };

  it('a prefix is a dataset: every object is a row, in order, by the rules for folders', async () => {
    const options = { options: { block_rows: 4 } };
    const { job, rows } = await run(
      { type: 'files', path: 's3://photos/in', exclude: ['broken/**'] },
      'prefix',
      options,
    );
    expect(job).toMatchObject({ status: 'completed', rows: { total: 30, succeeded: 30, failed: 0 } });
    expect(job.skipped).toMatchObject({
      hidden: { count: 1, first: ['.thumbs/x.png'] },
      not_images: { count: 1, first: ['notes.txt'] },
    });
    expect(rows.map(({ index }) => index)).toEqual(upTo(30));
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted());
    for (const { id, predictions } of rows) {
      expect(predictions![0]!.label).toBe(LABELS[Number(/(\d+)\.png/.exec(id)![1]) % 3]);
    }
  });

  it('a delta job reads objects with a new ETag, and takes the others over', async () => {
    const input = { type: 'files', path: 's3://photos/delta' };
    for (const i of [0, 1, 2, 3]) await s3.put('photos', `delta/${i}.png`, images[i % 3]!);
    const first = await run(input, 'delta-1', { options: { block_rows: 3 } });
    await s3.put('photos', 'delta/1.png', images[2]!);
    await s3.put('photos', 'delta/1a.png', images[0]!);
    const { job, rows } = await run(input, 'delta-2', { delta: { previous: first.job.id } });
    expect(job.delta).toMatchObject({ taken_over: 3, computed: { new: 1, changed: 1, failed_before: 0 } });
    expect(rows).toEqual((await run(input, 'delta-3')).rows);
    // Row 1 of the first job is no longer what that job has read.
    const inputOf = async (id: string, index: number) => {
      const response = await service.request(`/v1/jobs/${id}/rows/${index}/input`);
      return [response.status, response.headers.get('x-input-version')];
    };
    expect(await inputOf(first.job.id, 0)).toEqual([200, 'same']);
    expect(await inputOf(first.job.id, 1)).toEqual([409, null]);
    expect(await inputOf(job.id, 1)).toEqual([200, 'same']);
    const third = await run(input, 'delta-4', { delta: { previous: job.id } });
    expect(third.job.delta).toMatchObject({ taken_over: 5, vanished: 0 });
  });

  it('globs, include and exclude choose objects; one object is a dataset too', async () => {
    const glob = await run({ type: 'files', path: 's3://photos/in/*/00?.png' }, 'glob');
    expect(glob.job.rows.total).toBe(10);
    const chosen = { type: 'files', path: 's3://photos/in/', include: ['odd/**'], exclude: ['**/*1.png'] };
    expect((await run(chosen, 'chosen')).job.rows.total).toBe(12);
    const single = await run({ type: 'files', path: 's3://photos/in/odd/001.png' }, 'single');
    expect(single.rows).toMatchObject([{ id: '001.png' }]);
  });

  it('a pattern that matches nothing in this letter case says so', async () => {
    const { id } = await service.submit({ input: { type: 'files', path: 's3://photos/in/**/*.PNG' } });
    const job = await service.ended(id);
    expect(job.reason_text).toMatch(/"\*\*\/\*\.png" matches \d+ files: letter case matters/);
  });

  it('lists, manifests and records name objects with any character', async () => {
    const urls = ODD_NAMES.map((name) => `s3://photos/names/${name}`);
    const list = await run({ type: 'urls', urls }, 'urls');
    expect(list.rows.map(({ id }) => id)).toEqual(urls);
    writeFileSync(join(service.input, 'list.txt'), urls.map((url) => `${url}\n`).join(''));
    const manifest = await run({ type: 'manifest', path: join(service.input, 'list.txt') }, 'manifest');
    expect(manifest.rows.map(({ id }) => id)).toEqual(urls);
    const records = urls.map((image, i) => ({ id: `row ${i}`, image }));
    expect((await run({ type: 'inline', rows: records }, 'inline')).job.rows.succeeded).toBe(
      ODD_NAMES.length,
    );
    writeFileSync(join(service.input, 'r.jsonl'), records.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(
      (await run({ type: 'jsonl', path: join(service.input, 'r.jsonl') }, 'jsonl')).job.rows.succeeded,
    ).toBe(ODD_NAMES.length);
  });

  it('each bad row fails alone, and says why', async () => {
    const urls = [
      's3://photos/in/even/000.png',
      's3://photos/in/absent.png',
      's3://no-such-bucket/x.png',
      's3://photos/outside/x.png',
      's3://secret/x.png',
      's3://photos/in/../outside/x.png',
      's3://photos/in/',
      's3://photos/in/broken/empty.png',
      's3://Not a bucket/x.png',
    ];
    const { job, errors } = await run({ type: 'urls', urls }, 'bad');
    expect(job).toMatchObject({ status: 'completed', rows: { succeeded: 1, failed: 8 } });
    expect(errors.map(({ index, error }) => [index, error!.code])).toEqual([
      [1, 'file_not_found'],
      [2, 'file_not_found'],
      [3, 'path_not_allowed'],
      [4, 'path_not_allowed'],
      [5, 'invalid_row'],
      [6, 'invalid_row'],
      [7, 'empty_file'],
      [8, 'invalid_row'],
    ]);
    expect(errors[1]!.error!.message).toMatch(/the bucket .* does not exist at http/);
  });

  it.each([
    ['outside the roots', 's3://photos/outside/', 403, 'path_not_allowed', /FOREBAY_INPUT_ROOTS/],
    ['in another bucket', 's3://secret', 403, 'path_not_allowed', /s3:\/\/photos\/in\//],
    ['beside a root', 's3://photos/in-private/', 403, 'path_not_allowed', /not under/],
    ['above a root', 's3://photos/', 403, 'path_not_allowed', /not under/],
    ['with ".."', 's3://photos/in/../outside/', 400, 'invalid_request', /"\.\."/],
    ['with a glob above a root', 's3://photos/*/x.png', 403, 'path_not_allowed', /not under/],
    [
      'with an encoded dot, which is a literal key',
      's3://photos/in/%2e%2e/',
      422,
      'input_not_found',
      /not percent/,
    ],
    ['that does not exist', 's3://photos/in/absent/', 422, 'input_not_found', /no object/],
    [
      'in a bucket that does not exist',
      's3://no-such-bucket/',
      422,
      'input_not_found',
      /bucket .* does not exist/,
    ],
  ])('an input %s is refused', async (_, path, status, code, detail) => {
    expect(await refusal({ type: 'files', path })).toMatchObject({
      status,
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it('a compressed JSONL file and a manifest can be on S3, with paths that start at their folder', async () => {
    const lines = upTo(30).map((i) => {
      const image = `../../in/${i % 2 ? 'odd' : 'even'}/${String(i).padStart(3, '0')}.png`;
      return `${JSON.stringify({ id: `row ${i}`, image })}\n`;
    });
    await s3.put('photos', 'names/tables/rows.jsonl.gz', gzipSync(lines.join('')));
    const options = { options: { block_rows: 4 } };
    const table = await run(
      { type: 'jsonl', path: 's3://photos/names/tables/rows.jsonl.gz' },
      'table',
      options,
    );
    expect(table.job.rows).toMatchObject({ total: 30, succeeded: 30 });
    expect(table.rows.map(({ id, predictions }) => [id, predictions![0]!.label])).toEqual(
      upTo(30).map((i) => [`row ${i}`, LABELS[i % 3]]),
    );
    // Processes that read only local files leave the job alone.
    expect(JSON.parse(readFileSync(join(service.out('table'), 'job.json'), 'utf8'))).toMatchObject({ v: 5 });
    await s3.put(
      'photos',
      'names/tables/list.txt',
      `../${ODD_NAMES[0]}\n../../outside/x.png\n../../../x.png\n`,
    );
    const list = await run({ type: 'manifest', path: 's3://photos/names/tables/list.txt' }, 'list');
    expect(list.rows).toMatchObject([{ id: `../${ODD_NAMES[0]}` }]);
    expect(list.errors.map(({ error }) => error!.code)).toEqual(['path_not_allowed', 'invalid_row']);
  });

  it.each([
    ['outside the roots', 's3://photos/outside/list.txt', 403, 'path_not_allowed', /FOREBAY_INPUT_ROOTS/],
    [
      'that does not exist',
      's3://photos/in/absent.jsonl',
      422,
      'input_not_found',
      /absent\.jsonl does not exist/,
    ],
    ['that is a prefix', 's3://photos/in/', 422, 'input_unreadable', /a prefix, not a file/],
    ['on a private web server', 'http://127.0.0.1/x', 422, 'input_unreadable', /not a public address/],
  ])('a manifest %s is refused', async (_, path, status, code, detail) => {
    expect(await refusal({ type: 'manifest', path })).toMatchObject({
      status,
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it('an object that changes after it was listed is not mixed in, and a retry reads it', async () => {
    await s3.put('photos', 'names/changing/1.png', images[0]!);
    await s3.put('photos', 'names/changing/2.png', images[0]!);
    const submitted = await service.stopWorkers().then(async () =>
      service.submit({
        input: { type: 'files', path: 's3://photos/names/changing/' },
        output: service.out('changing'),
      }),
    );
    await service.until(submitted.id, 'all rows to be listed', (job) => job.rows.total === 2);
    await service.until(submitted.id, 'a wait for workers', (job) => job.reason === 'no_worker');
    await s3.put('photos', 'names/changing/2.png', images[1]!);
    await service.startWorker();
    const job = await service.ended(submitted.id);
    expect(job.rows).toMatchObject({ succeeded: 1, failed: 1 });
    expect(readOutput(service.out('changing'), 'errors')).toMatchObject([
      { id: '2.png', error: { code: 'dataset_changed' } },
    ]);
    const retried = await service.post(`/v1/jobs/${submitted.id}/retry`, {});
    const again = await service.ended(((await retried.json()) as { id: string }).id);
    expect(again.rows).toMatchObject({ succeeded: 1, failed: 0 });
  });

  it('a job whose listing fails for a while says so, and continues where it stopped', async () => {
    const submitted = await service.submit({
      input: { type: 'files', path: 's3://busy/p/' },
      output: service.out('busy'),
      options: { block_rows: 100 },
    });
    const waiting = await service.until(
      submitted.id,
      'the outage',
      ({ reason }) => reason === 'storage_unavailable',
    );
    expect(waiting).toMatchObject({
      reason_text: expect.stringMatching(/Cannot list s3:\/\/busy\/p\/: .*SlowDown/),
    });
    const job = await service.ended(submitted.id);
    expect(job).toMatchObject({ status: 'completed', rows: { total: 1500, succeeded: 1500 } });
    expect(readOutput(service.out('busy')).map(({ index }) => index)).toEqual(upTo(1500));
  });

  it('keeps keys out of job.json', async () => {
    const { id } = await service.submit({
      input: { type: 'files', path: 's3://photos/in/odd/' },
      output: service.out('kept'),
    });
    await service.ended(id);
    const spec = JSON.parse(readFileSync(join(service.out('kept'), 'job.json'), 'utf8')) as object;
    // Processes that know only local folders leave the job alone.
    expect(spec).toMatchObject({ v: 4, dataset: { root: 's3://photos/in/odd/' } });
    for (const name of readdirSync(service.out('kept'))) {
      expect(readFileSync(join(service.out('kept'), name), 'utf8')).not.toMatch(
        /secret\/of=tests|forebay-test/,
      );
    }
  });
});
