import { copyFile, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInputResolver } from '#forebay/api/jobs/create/resolve-input.js';
import { JOB_INPUT, type PackedInput } from '#forebay/api/http/wire/job-input.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { packInline, packUrls } from '../../../../support/packed.ts';
import { IMAGE_ROWS } from '../../../../support/image-rows.ts';
import { fixture } from '../../../../support/parquet-rows.ts';
import { testStores } from '../../../../support/stores.ts';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';

let dir: string;
let root: string;
let spoolDir: string;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'forebay-resolve-')));
  [root, spoolDir] = [join(dir, 'in'), join(dir, 'spool')];
  for (const folder of ['photos/2024', 'photos [1]', 'second'])
    await mkdir(join(root, folder), { recursive: true });
  for (const file of ['photos/a.jpg', 'photos/b.png', 'photos/2024/c.jpg', 'photos [1]/d.jpg', 'list.txt']) {
    await writeFile(join(root, file), 'x');
  }
  await mkdir(join(dir, 'outside'));
  await symlink(join(dir, 'outside'), join(root, 'out'));
  await symlink(join(root, 'photos/a.jpg'), join(root, 'second/link.jpg'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const onS3 = { stores: testStores(), objectRoots: ['s3://photos/2024/'], files: LOCAL_FILES };
const resolver = () =>
  createInputResolver({
    inputRoots: [root, join(dir, 'not-there')],
    ...onS3,
    spoolDir,
    maxListRows: 1000,
    ownerOf: async () => null,
  });

async function idsOf(input: PackedInput): Promise<string[]> {
  const { spec, total } = await resolver().resolve(input, 'job_1', IMAGE_ROWS);
  const ids: string[] = [];
  for await (const { row } of openDataset(spec).read(null, new AbortController().signal)) ids.push(row.id);
  if (total !== null) expect(ids).toHaveLength(total);
  return ids;
}

const files = (path: string, more: { include?: string[]; exclude?: string[] } = {}) =>
  ({ type: 'files', path, ...more }) as const;

describe('files', () => {
  it('can be a folder, absolute or relative to the first root', async () => {
    expect(await idsOf(files('photos'))).toEqual(['2024/c.jpg', 'a.jpg', 'b.png']);
    expect(await idsOf(files(join(root, 'photos/'), { include: ['*.jpg'] }))).toEqual(['a.jpg']);
    expect(await idsOf(files('./photos/../photos/2024', { exclude: ['*.png'] }))).toEqual(['c.jpg']);
  });

  it('can be a single file, under the name that the user gave', async () => {
    expect(await idsOf(files('photos/a.jpg'))).toEqual(['a.jpg']);
    const { spec, total } = await resolver().resolve(files('second/link.jpg'), 'job_1', IMAGE_ROWS);
    expect([spec, total]).toMatchObject([{ root: join(root, 'second'), only: 'link.jpg' }, 1]);
  });

  it('can be a glob, with ids relative to the folder before its first wildcard', async () => {
    expect(await idsOf(files('photos/**/*.jpg'))).toEqual(['2024/c.jpg', 'a.jpg']);
    expect(await idsOf(files(join(root, 'photos/{a,b}.*'), { exclude: ['*.png'] }))).toEqual(['a.jpg']);
    expect(await idsOf(files('*/2024/*'))).toEqual(['photos/2024/c.jpg']);
    expect(await idsOf(files('photos \\[1\\]/*.jpg'))).toEqual(['d.jpg']);
  });

  it('are taken literally if a name with glob characters exists', async () => {
    expect(await idsOf(files('photos [1]'))).toEqual(['d.jpg']);
  });

  it('of new jobs are listed by the current listing rule', async () => {
    for (const path of ['photos', 'photos/*']) {
      const { spec } = await resolver().resolve(files(path), 'job_1', IMAGE_ROWS);
      expect(spec).toMatchObject({ listing: 2 });
    }
  });

  it('of every kind are listed for a model that does not take images', async () => {
    const { spec } = await resolver().resolve(files('second'), 'job_1', { ...IMAGE_ROWS, taskInput: 'text' });
    expect(spec).toMatchObject({ listing: 3 });
  });

  it('that are missing are reported with a hint if their name exists in another Unicode normal form', async () => {
    await mkdir(join(root, '\u00e9t\u00e9'), { recursive: true });
    await expect(idsOf(files('e\u0301te\u0301'))).rejects.toMatchObject({
      code: 'input_not_found',
      message: expect.stringContaining('Unicode normal form (NFC)'),
    });
  });

  it.each([
    ['Photos', 'photos'],
    ['PHOTOS/*.jpg', 'photos'],
    ['photos/A.jpg', 'photos/a.jpg'],
    ['PHOTOS/nothing/x', 'photos'],
  ])('at %s are reported with what exists in another letter case', async (path, other) => {
    await expect(idsOf(files(path))).rejects.toMatchObject({
      code: 'input_not_found',
      message: expect.stringContaining(`; ${join(root, other)} exists, so letter case matters.`),
    });
  });

  it.each([
    ['../outside', 'path_not_allowed'],
    ['../nothing', 'path_not_allowed'],
    ['out', 'path_not_allowed'],
    ['out/nothing', 'path_not_allowed'],
    ['/etc/*.conf', 'path_not_allowed'],
    ['nothing', 'input_not_found'],
    ['nothing/*.jpg', 'input_not_found'],
    ['photos/a.jpg/x', 'input_not_found'],
    ['list.txt/*', 'input_not_found'],
    ['photos/*/../../x', 'invalid_request'],
    ['nul\0', 'invalid_request'],
  ])('at %j are refused as %s', async (path, code) => {
    await expect(idsOf(files(path))).rejects.toMatchObject({ code });
  });

  it('below a missing root are reported as missing', async () => {
    await expect(idsOf(files(join(dir, 'not-there/x')))).rejects.toMatchObject({ code: 'input_not_found' });
  });

  it('cannot be a glob together with include', async () => {
    await expect(idsOf(files('photos/*', { include: ['*'] }))).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it.each([
    ['/input/include', files('photos', { include: ['*.jpg', 'a(?<=a)'] })],
    ['/input/exclude', files('photos', { exclude: ['(a)\\1'] })],
    ['/input/path', files(`photos/${'?'.repeat(1025)}`)],
  ])('are refused with a pattern that takes more than linear time, at %s', async (path, input) => {
    await expect(idsOf(input)).rejects.toMatchObject({ code: 'invalid_request', issues: [{ path }] });
  });

  it('outside the roots are refused with a message that names the roots and how to add one', async () => {
    await expect(idsOf(files('/etc'))).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`${root}.*FOREBAY_INPUT_ROOTS`)),
    });
  });
});

describe('a manifest', () => {
  it('is a file whose relative paths start at its own folder', async () => {
    const { spec, total } = await resolver().resolve(
      { type: 'manifest', path: 'list.txt' },
      'job_1',
      IMAGE_ROWS,
    );
    expect([spec, total]).toEqual([{ type: 'manifest', path: join(root, 'list.txt'), base: root }, null]);
  });

  it('is refused immediately if it is not UTF-8', async () => {
    await writeFile(join(root, 'utf16.txt'), Buffer.from('\uFEFFa.jpg', 'utf16le'));
    await expect(idsOf({ type: 'manifest', path: 'utf16.txt' })).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringContaining('UTF-16 (little-endian)'),
    });
  });

  it('cannot be a folder', async () => {
    await expect(idsOf({ type: 'manifest', path: 'photos' })).rejects.toMatchObject({
      code: 'input_unreadable',
    });
  });
});

describe('rows in the request', () => {
  it('are spooled under the id of the job, and discarded with it', async () => {
    expect(await idsOf({ type: 'urls', packed: packUrls(['http://x/1', 'no url']) })).toEqual([
      'http://x/1',
      'no url',
    ]);
    expect(await idsOf({ type: 'inline', packed: packInline([{ id: 'a', data: 'AAAA' }]) })).toEqual(['a']);
    expect((await readdir(spoolDir)).sort()).toEqual([
      'job_1.inline.blob',
      'job_1.inline.jsonl',
      'job_1.urls.jsonl',
    ]);
    await resolver().discard('job_1', 'default');
    await resolver().discard('job_2', 'default');
    expect(await readdir(spoolDir)).toEqual([]);
  });

  it('are passed on to a job that continues, unless they are gone or the spool cannot be written', async () => {
    const owned = createInputResolver({
      ...onS3,
      inputRoots: [root],
      spoolDir,
      ownerOf: async () => 'default',
    });
    const jobs = { from: 'job_1', to: 'job_2', tenant: 'default', folder: '/nowhere' };
    const { spec } = await owned.resolve({ type: 'urls', packed: packUrls(['http://x/1']) }, jobs.from, {
      ...IMAGE_ROWS,
      tenant: jobs.tenant,
    });
    await expect(owned.adopt(spec, { ...jobs, from: 'job_3' })).rejects.toMatchObject({
      code: 'input_not_found',
    });
    // A disk that is full or read-only fails in the same place.
    await writeFile(join(spoolDir, 'job_2.urls.jsonl'), 'in the way');
    await expect(owned.adopt(spec, jobs)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('EEXIST') as string,
    });
    await owned.discard('job_2', 'default');
    expect(await owned.adopt(spec, jobs)).toEqual({
      type: 'urls',
      spool: join(spoolDir, 'job_2.urls.jsonl'),
    });
    for (const id of ['job_1', 'job_2']) await owned.discard(id, 'default');
  });
});

describe('a table', () => {
  const table = (columns?: Record<string, string>) =>
    resolver().resolve(
      { type: 'jsonl', path: 'rows.jsonl', ...(columns && { columns }) },
      'job_1',
      IMAGE_ROWS,
    );
  beforeAll(async () =>
    writeFile(join(root, 'rows.jsonl'), '{"key":1,"img":"a.jpg"}\n{"image":"b.jpg","size":2}\n'),
  );

  it('keeps which columns feed which fields', async () => {
    const spec = { type: 'jsonl', path: join(root, 'rows.jsonl'), base: root };
    expect(await table()).toMatchObject({ spec, total: null });
    expect(await table({ image: 'img' })).toMatchObject({
      spec: { ...spec, columns: { image: 'img' } },
      total: null,
    });
  });

  it('is refused for a column that its first rows do not have', async () => {
    await expect(table({ image: 'imgs' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: `${join(root, 'rows.jsonl')}: there is no column "imgs", but there is "img". Its columns: key, img, image, size.`,
      issues: [{ path: '/input/columns/image' }],
    });
    await writeFile(join(root, 'other.jsonl'), 'x\n{"img":"a.jpg"}\n{"img":"b.jpg","n":1}\n');
    const other = { type: 'jsonl', path: 'other.jsonl' } as const;
    await expect(resolver().resolve(other, 'job_1', IMAGE_ROWS)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/needs the field "image", .* Its columns: img, n\.$/) as string,
    });
  });

  it('is refused for a column whose values can be neither text nor files', async () => {
    const why = `${join(root, 'rows.jsonl')}: the column "size" holds numbers, which cannot feed the field "image".`;
    await expect(table({ image: 'size' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(why) as string,
      issues: [{ path: '/input/columns/image' }],
    });
    for (const name of ['plain-none', 'lists', 'images'])
      await copyFile(fixture(name), join(root, `${name}.parquet`));
    const parquet = async (name: string, image: string) =>
      resolver().resolve(
        { type: 'parquet', path: `${name}.parquet`, columns: { image } },
        'job_1',
        IMAGE_ROWS,
      );
    for (const [file, column, held] of [
      ['plain-none', 'x', 'numbers'],
      ['plain-none', 'ok', 'booleans'],
      ['lists', 'words', 'lists'],
    ] as const)
      await expect(parquet(file, column)).rejects.toMatchObject({
        message: expect.stringContaining(
          `the column "${column}" holds ${held}, which cannot feed the field "image". Its columns: `,
        ) as string,
      });
    expect(await parquet('plain-none', 'word')).toMatchObject({ total: null });
    expect(await parquet('images', 'image')).toMatchObject({ total: null });
  });

  it('with a bad first row is read, because only that row is bad', async () => {
    await writeFile(join(root, 'bad.jsonl'), 'x\n{"img":"a.jpg"}\n');
    const input = { type: 'jsonl', path: 'bad.jsonl', columns: { image: 'img' } } as const;
    expect(await resolver().resolve(input, 'job_1', IMAGE_ROWS)).toMatchObject({ total: null });
  });
});

describe('a CSV file', () => {
  const resolve = async (name: string, text: string, more: object = {}) => {
    await writeFile(join(root, name), text);
    return resolver().resolve({ type: 'csv', path: name, ...more }, 'job_1', IMAGE_ROWS);
  };

  it('keeps its header and what the model reads', async () => {
    expect(await resolve('rows.csv', 'img;"a,b"\n1;2\n', { columns: { image: 'img' } })).toEqual({
      spec: {
        type: 'csv',
        path: join(root, 'rows.csv'),
        base: root,
        columns: { image: 'img' },
        delimiter: ';',
        names: ['img', 'a,b'],
        start: { from: 10, line: 2 },
        fields: ['image'],
        text: null,
      },
      total: null,
    });
  });

  it('has the delimiter that is given, or a tab if its name says so', async () => {
    const delimiter = async (...given: Parameters<typeof resolve>) => {
      const { spec } = await resolve(...given);
      return spec.type === 'csv' && spec.delimiter;
    };
    const columns = { image: 'a,b' };
    expect(await delimiter('rows.tsv', 'a,b\tc\n', { columns })).toBe('\t');
    expect(await delimiter('rows.csv', 'a,b:c:d,e,f\n', { columns, delimiter: ':' })).toBe(':');
  });

  it('is refused if no column feeds a field that the model needs', async () => {
    await expect(resolve('rows.csv', ',img,label\n')).rejects.toMatchObject({
      code: 'invalid_request',
      message: `${join(root, 'rows.csv')}: the model needs the field "image", and no column has this name: name the one that feeds it. Its columns: img, label.`,
    });
  });
});

describe('the schema of an input', () => {
  const problems = (value: unknown) =>
    JOB_INPUT.safeParse(value).error?.issues.map((i) => `${i.path.join('/')}: ${i.message}`);

  it('accepts every type', () => {
    expect(problems({ type: 'files', path: 'x', include: ['*'] })).toBeUndefined();
    expect(problems({ type: 'urls', urls: ['x'] })).toBeUndefined();
    expect(problems({ type: 'inline', rows: [{ id: 'x', data: '' }] })).toBeUndefined();
    expect(problems({ type: 'manifest', path: 'x' })).toBeUndefined();
    expect(
      problems({ type: 'archive', path: 'x.zip', group: true, columns: { image: 'png' } }),
    ).toBeUndefined();
  });

  it('reports what is wrong, and where', () => {
    expect(problems({ type: 'files', path: '', glob: 'x' })).toEqual([
      'path: a path is needed',
      ': Unrecognized key: "glob"',
    ]);
    expect(problems({ type: 'urls', urls: [] })).toEqual(['urls: at least one URL']);
    expect(problems({ type: 'inline', rows: [{ id: '', data: 'x' }] })).toEqual([
      'rows/0/id: an id is needed',
    ]);
    expect(problems({ type: 's3', path: 'x' })).toHaveLength(1);
    const data = `data:image/png;base64,${'A'.repeat(9000)}`;
    expect(problems({ type: 'urls', urls: [data] })).toEqual([expect.stringContaining('inline rows')]);
  });

  it('keeps the longest URL and id within a spooled line', async () => {
    const url = '\u0001'.repeat(8192);
    expect(await idsOf({ type: 'urls', packed: packUrls([url]) })).toEqual([url]);
  });
});
