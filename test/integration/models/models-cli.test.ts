// `forebay models`: lists and inspects the models of a running service, and adds, pulls and removes model folders.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forebay as run, forebayProcess } from '../../support/forebay-program.ts';
import { writePredictor } from '../../support/predictors.ts';
import { startService, writeTinyModel, type Service } from '../../support/service.ts';
import { makeCertificates, noCertificates } from '../../support/tls-redis.ts';
import { waitUntil } from '../../support/wait-until.ts';

let folder: string;
let source: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-cli-'));
  source = join(folder, 'exports', 'tiny');
  writeTinyModel(source, 'tiny');
  writeFileSync(join(source, 'notes.txt'), 'not part of the model');
});
afterAll(() => rmSync(folder, { recursive: true }));

const forebay = { run: async (...args: string[]) => run({ cwd: folder }, ...args) };

const models = (...path: string[]) => join(folder, 'models', ...path);
const inFolder = (...path: string[]) =>
  existsSync(models(...path)) ? readdirSync(models(...path)).sort() : null;
const FILES = ['labels.txt', 'model.json', 'model.onnx'];
beforeEach(() => rmSync(models(), { recursive: true, force: true }));

describe('add and remove', () => {
  it('a model is copied with only the files that belong to it, and removed again', async () => {
    const added = await forebay.run('models', 'add', 'exports/tiny');
    expect(added).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^added tiny \(.* hash \w{12}\) as /),
    });
    expect(inFolder()).toEqual(['tiny']);
    expect(inFolder('tiny')).toEqual(FILES);
    expect(await forebay.run('models', 'remove', 'tiny')).toMatchObject({ code: 0, err: '' });
    expect(inFolder()).toEqual([]);
  });

  it('versions are added side by side, and removed one by one', async () => {
    for (const version of ['1', '2']) {
      const added = await forebay.run('models', 'add', 'exports/tiny', '--as', `tiny@${version}`);
      expect(added).toMatchObject({ code: 0, out: expect.stringContaining(`added tiny@${version} `) });
    }
    expect(inFolder('tiny')).toEqual(['1', '2']);
    const unclear = await forebay.run('models', 'remove', 'tiny');
    expect(unclear).toMatchObject({
      code: 2,
      err: expect.stringContaining('has the versions 1, 2; name one'),
    });
    expect(await forebay.run('models', 'remove', 'tiny@latest')).toMatchObject({ code: 0 });
    expect(inFolder('tiny')).toEqual(['1']);
    expect(await forebay.run('models', 'remove', 'tiny@1')).toMatchObject({ code: 0 });
    expect(inFolder()).toEqual([]);
  });

  it('nothing is overwritten, and a refusal leaves the folder as it was', async () => {
    await forebay.run('models', 'add', 'exports/tiny', '--as', 'tiny@1');
    for (const [args, says] of [
      [['--as', 'tiny@1'], 'exists; choose another version'],
      [[], 'if it holds versions, add another one with --as tiny@VERSION'],
      [['--as', 'other@2'], 'the model has the name "tiny"; use --as tiny@2'],
      [['--as', 'tiny@latest'], 'a version is named with at most 64 letters'],
      [['--as', 'tiny'], '--as takes a name and a version, such as tiny@2'],
    ] as const) {
      const refused = await forebay.run('models', 'add', 'exports/tiny', ...args);
      expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
    }
    expect(inFolder()).toEqual(['tiny']);
    expect(inFolder('tiny')).toEqual(['1']);
  });

  it('no version is added to a model without versions, and no model whose name another folder has', async () => {
    writeTinyModel(models('tiny'), 'tiny');
    const version = await forebay.run('models', 'add', 'exports/tiny', '--as', 'tiny@2');
    expect(version).toMatchObject({ code: 2, err: expect.stringContaining('is a model without versions') });
    rmSync(models('tiny'), { recursive: true });
    writeTinyModel(models('folder'), 'tiny');
    const twin = await forebay.run('models', 'add', 'exports/tiny');
    expect(twin).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds a model with the name "tiny"'),
    });
  });

  it('an alias is set, moved and removed, and protects its version', async () => {
    for (const version of ['1', '2'])
      await forebay.run('models', 'add', 'exports/tiny', '--as', `tiny@${version}`);
    const file = () => JSON.parse(readFileSync(models('tiny', 'aliases.json'), 'utf8')) as object;
    expect(await forebay.run('models', 'alias', 'tiny@1', 'stable')).toMatchObject({
      code: 0,
      out: 'tiny@stable now stands for tiny@1\n',
    });
    expect(await forebay.run('models', 'alias', 'tiny@latest', 'stable')).toMatchObject({
      code: 0,
      out: 'tiny@stable now stands for tiny@2, no longer tiny@1\n',
    });
    expect(file()).toEqual({ stable: '2' });
    for (const [args, says] of [
      [['alias', 'tiny@3', 'stable'], '"tiny" has no version "3"; it has 1, 2'],
      [['alias', 'tiny', 'stable'], 'name a version, such as tiny@2'],
      [['alias', 'tiny@1', 'v1'], 'does not look like a version'],
      [['alias', 'tiny@1', 'latest'], 'is not "latest"'],
      [['alias', 'none@1', 'stable'], 'there is no model "none"'],
      [['alias', 'tiny', 'other', '--remove'], '"tiny" has no alias "other"; it has stable'],
      [['remove', 'tiny@2'], 'tiny@stable stands for tiny@2'],
      [['add', 'exports/tiny', '--as', 'tiny@stable'], '"stable" is an alias of "tiny"'],
    ] as const) {
      const refused = await forebay.run('models', ...args);
      expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
    }
    expect(file()).toEqual({ stable: '2' });
    expect(await forebay.run('models', 'alias', 'tiny', 'stable', '--remove')).toMatchObject({ code: 0 });
    expect(inFolder('tiny')).toEqual(['1', '2']);
  });

  it('a broken folder is refused with the wrong field, and an unknown model with its name', async () => {
    mkdirSync(join(folder, 'broken'), { recursive: true });
    writeFileSync(join(folder, 'broken', 'model.json'), '{"name":"x","task":"image-classification"}');
    const refused = await forebay.run('models', 'add', 'broken');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('/preprocess') });
    expect(inFolder()).toBeNull();
    const unknown = await forebay.run('models', 'remove', 'nobody');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('there is no model "nobody"') });
  });
});

describe.skipIf(noCertificates !== null)(`pull ${noCertificates ?? ''}`.trim(), () => {
  let server: Server;
  let url: string;
  let trusting: ReturnType<typeof forebayProcess>;
  const archives = new Map<string, Buffer>();
  const pack = (name: string, ...args: string[]) => {
    const path = join(folder, name);
    execFileSync('tar', [path.endsWith('gz') ? '-czf' : '-cf', path, ...args]);
    archives.set(`/${name}`, readFileSync(path));
    return createHash('sha256')
      .update(archives.get(`/${name}`)!)
      .digest('hex');
  };
  beforeAll(async () => {
    const { ca, cert, key } = makeCertificates(folder, 'pull');
    server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, ({ url: path }, response) => {
      const archive = archives.get(path ?? '');
      if (path === '/moved') response.writeHead(302, { location: 'http://127.0.0.1:1/x' }).end();
      else if (path === '/short')
        response.writeHead(200, { 'content-length': 100_000 }).write('x', () => response.destroy());
      else response.writeHead(archive === undefined ? 404 : 200).end(archive);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
    trusting = forebayProcess(folder, {
      NODE_EXTRA_CA_CERTS: ca,
      FOREBAY_FETCH_ALLOW: 'localhost,127.0.0.1',
    });
  });
  afterAll(async () => {
    await trusting.close();
    server.close();
  });
  const pull = (path: string, sha256: string, ...more: string[]) =>
    trusting.run('models', 'pull', `${url}${path}`, '--sha256', sha256, ...more);

  it.each(['tiny.tar.gz', 'tiny.tar'])('%s is verified, unpacked and added', async (name) => {
    const sha256 = pack(name, '-C', join(folder, 'exports'), 'tiny');
    expect(await pull(`/${name}`, sha256)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^added tiny /),
    });
    expect(inFolder()).toEqual(['tiny']);
    expect(readFileSync(models('tiny', 'model.onnx'))).toEqual(readFileSync(join(source, 'model.onnx')));
    expect(await pull(`/${name}`, sha256.toUpperCase(), '--as', 'tiny@7')).toMatchObject({ code: 2 });
  });

  it('an archive with code is added only if the user says so', async () => {
    writePredictor(join(folder, 'code'), 'predict() {},', { name: 'code' });
    const sha256 = pack('code.tar', '-C', folder, 'code');
    expect(await pull('/code.tar', sha256)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/"code" is a predictor: .* If you trust the code, add --allow-code/),
    });
    expect(inFolder() ?? []).toEqual([]);
    expect(await pull('/code.tar', sha256, '--allow-code')).toMatchObject({ code: 0, err: '' });
  });

  it('an archive with long names and without a top folder becomes a version', async () => {
    const long = join(folder, 'long');
    writeTinyModel(long, 'tiny');
    // ustar splits a path of up to 255 characters at a folder, but a single name has at most 100.
    for (const [format, length] of [
      ['ustar', 90],
      ['gnu', 120],
      ['pax', 140],
    ] as const) {
      mkdirSync(join(long, 'a'.repeat(length)), { recursive: true });
      writeFileSync(join(long, 'a'.repeat(length), 'b'.repeat(length)), 'x');
      const sha256 = pack(`long-${format}.tar.gz`, `--format=${format}`, '-C', long, '.');
      const pulled = await pull(`/long-${format}.tar.gz`, sha256, '--as', `tiny@${format}`);
      expect(pulled).toMatchObject({ code: 0, err: '' });
    }
    expect(inFolder('tiny')).toEqual(['gnu', 'pax', 'ustar']);
  });

  it('a wrong SHA-256, plain http, links and damaged archives are refused and add nothing', async () => {
    const linked = join(folder, 'linked');
    mkdirSync(linked, { recursive: true });
    if (!existsSync(join(linked, 'model.json'))) symlinkSync('/etc/passwd', join(linked, 'model.json'));
    const good = pack('good.tar.gz', '-C', join(folder, 'exports'), 'tiny');
    const links = pack('links.tar.gz', '-C', folder, 'linked');
    const sparse = join(folder, 'sparse');
    mkdirSync(sparse, { recursive: true });
    writeFileSync(join(sparse, 'model.onnx'), 'x');
    truncateSync(join(sparse, 'model.onnx'), 1024 * 1024);
    const sparseGnu = pack('sparse-gnu.tar', '-S', '--format=gnu', '-C', folder, 'sparse');
    const sparsePax = pack('sparse-pax.tar', '-S', '--format=pax', '-C', folder, 'sparse');
    const labelled = pack('labelled.tar', '--label=models', '-C', join(folder, 'exports'), 'tiny');
    const outside = pack('outside.tar', '-P', '-C', source, '--transform', 's,^,../,', 'model.json');
    archives.set('/cut.tar.gz', archives.get('/good.tar.gz')!.subarray(0, 200));
    const cut = createHash('sha256').update(archives.get('/cut.tar.gz')!).digest('hex');
    archives.set('/packed.zip', Buffer.from('PK\x03\x04 and more'));
    const zipped = createHash('sha256').update(archives.get('/packed.zip')!).digest('hex');
    const cases: [string, string, string][] = [
      ['/good.tar.gz', '0'.repeat(64), `the archive has the SHA-256 ${good}`],
      ['/good.tar.gz', 'abc', '--sha256 must be 64 hexadecimal digits'],
      ['/links.tar.gz', links, 'it holds a link or a device'],
      ['/sparse-gnu.tar', sparseGnu, 'it holds a sparse file; pack it without -S (--sparse)'],
      ['/sparse-pax.tar', sparsePax, 'it holds a sparse file; pack it without -S (--sparse)'],
      [
        '/labelled.tar',
        labelled,
        'it holds an entry of type "V" (models), which is neither a file nor a folder',
      ],
      ['/outside.tar', outside, 'which is not a path below'],
      ['/cut.tar.gz', cut, 'the archive cannot be used'],
      ['/absent', good, `cannot download ${url}/absent: the server answered with status 404`],
      ['/short', good, `cannot download ${url}/short: `],
      ['/packed.zip', zipped, 'it is a ZIP archive; pack the model as .tar or .tar.gz'],
      ['/moved', good, 'only https is fetched here, not http://'],
    ];
    for (const [path, sha256, says] of cases) {
      const refused = await pull(path, sha256);
      expect(refused.err, path).toContain(says);
      expect(refused.code, path).not.toBe(0);
    }
    const http = await trusting.run('models', 'pull', 'http://localhost:1/x.tar', '--sha256', good);
    expect(http.err).toContain('only https is fetched here');
    const guarded = await forebay.run('models', 'pull', `${url}/good.tar.gz`, '--sha256', good);
    expect(guarded).toMatchObject({
      code: 2,
      err: expect.stringContaining('allow it with --fetch-allow localhost'),
    });
    expect(inFolder() ?? []).toEqual([]);
  });
});

describe('a running service', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { FOREBAY_LOG_LEVEL: 'silent' } });
    const own = join(folder, 'exports', 'own');
    writeTinyModel(own, 'own');
    const added = await forebay.run('models', 'add', own, '--as', 'own@1', '--models', service.models);
    expect(added).toMatchObject({ code: 0 });
    await waitUntil('the model', async () => /own@1 +serving/.test((await call()).out));
  });
  afterAll(async () => service.close());
  const call = (...args: string[]) => forebay.run('models', ...args, '--url', service.url);

  it('lists its models with and without the word list, and an added model is served', async () => {
    const plain = await call();
    expect(plain.out).toMatch(/^NAME +STATUS .*PROVIDERS/);
    expect(plain.out).toMatch(/tiny +serving +1 +1 .*cpu/);
    expect((await call('list')).out).toBe(plain.out);
    expect(JSON.parse((await call('--json')).out)).toHaveLength(2);
  });

  it('shows one model', async () => {
    const shown = await call('inspect', 'own@latest');
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toMatch(/^model +own@1$/m);
    expect(shown.out).toMatch(/^versions +1 \(latest\)$/m);
    expect(shown.out).toMatch(/^providers +cpu$/m);
    expect(shown.out).toMatch(/^input +"image" float32\[N,3,8,8\]$/m);
    const json = JSON.parse((await call('inspect', 'own', '--json')).out) as object;
    expect(json).toMatchObject({ name: 'own', version: '1', providers: ['cpu'] });
    expect(await call('inspect', 'owm')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean "own"'),
    });
  });

  it('loads and unloads a model, and shows its aliases', async () => {
    const alias = await forebay.run('models', 'alias', 'own@1', 'stable', '--models', service.models);
    expect(alias).toMatchObject({ code: 0 });
    expect((await call('inspect', 'own@stable')).out).toMatch(/^aliases +stable$/m);
    expect((await call()).out).toMatch(/own@1 +serving .* stable/);
    const unload = await call('unload', 'own@stable');
    expect(unload.code).toBe(0);
    // The worker may be as fast as the answer.
    expect(unload.out).toMatch(
      /^Workers are asked to unload own@1\. Its running jobs end first, and a later job loads it again\. It is (serving|unloaded) now; see: forebay models inspect own@1\n$/,
    );
    await waitUntil('the model to leave', async () => /own@1 +unloaded/.test((await call()).out));
    expect(await call('load', 'own@1')).toMatchObject({ code: 0, err: '' });
    await waitUntil('the model to return', async () => /own@1 +serving/.test((await call()).out));
    expect(await call('load', 'nobody')).toMatchObject({ code: 2, out: '' });
  });
});
