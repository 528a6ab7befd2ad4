// Model folders on S3: a real server, the copies on this machine, and a worker's watch.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModelFolderReader, listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { createModelPlaces } from '#forebay/shared/models/places/model-places.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { findModels, type FoundModels } from '#forebay/workers/models/find-models.js';
import { modelReport } from '#forebay/workers/models/model-report.js';
import { watchModels } from '#forebay/workers/models/watch-models.js';
import { noSeaweedfs, startSeaweedfs, type S3Server } from '../../support/seaweedfs.ts';
import { writeTinyModel } from '../../support/service.ts';
import { storesOnS3 } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe.skipIf(noSeaweedfs !== null)(`models on S3 ${noSeaweedfs ?? ''}`, () => {
  let s3: S3Server;
  let dir: string;
  let stores: Stores;
  let unreachable: Stores;
  let caches = 0;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forebay-s3-models-'));
    s3 = await startSeaweedfs('models');
    stores = storesOnS3(s3);
    unreachable = storesOnS3(s3, 'http://127.0.0.1:1');
  });
  afterAll(async () => {
    await stores?.close();
    await unreachable?.close();
    await s3?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const newCache = () => join(dir, `cache-${caches++}`);
  const placesIn = (cacheDir: string, more: object = {}) =>
    createModelPlaces({ stores, cacheDir, modelCacheBytes: 2 ** 30, lookMs: 50, ...more });
  const local = (...names: string[]) => join(dir, 'local', ...names);
  const copiesIn = (cacheDir: string) =>
    readdirSync(join(cacheDir, 'models')).filter((name) => !/\.(json|view)$/.test(name));

  /** Writes a model of `name`, and uploads its folder below `prefix`. */
  async function upload(prefix: string, path: string, more: Record<string, unknown> = {}) {
    writeTinyModel(local(prefix, path), path.split('/')[0]!, more);
    for (const file of readdirSync(local(prefix, path))) {
      await s3.put('models', `${prefix}/${path}/${file}`, readFileSync(local(prefix, path, file)));
    }
  }

  it('are the same models as in a folder, with versions, aliases and pipelines, and are fetched once per machine', async () => {
    await upload('all', 'tiny');
    await upload('all', 'big/1');
    await upload('all', 'big/2', { top_k: 1 });
    const aliases = JSON.stringify({ stable: '1' });
    writeFileSync(local('all', 'big', 'aliases.json'), aliases);
    await s3.put('models', 'all/big/aliases.json', aliases);
    const members = [{ model: 'tiny' }, { model: 'big@stable' }];
    const pipeline = { kind: 'pipeline', name: 'both', ensemble: { combine: 'max_confidence', members } };
    mkdirSync(local('all', 'both'));
    writeFileSync(local('all', 'both', 'model.json'), JSON.stringify(pipeline));
    await s3.put('models', 'all/both/model.json', JSON.stringify(pipeline));
    await s3.put('models', 'all/.hidden/model.onnx', 'x');
    const streamed: string[] = [];
    const counting: Pick<Stores, 'listing'> = {
      async listing(url) {
        const store = await stores.listing(url);
        return {
          stat: store.stat.bind(store),
          read: store.read.bind(store),
          list: store.list.bind(store),
          stream(of, options) {
            streamed.push(of);
            return store.stream(of, options);
          },
        };
      },
    };
    const cacheDir = newCache();
    const two = [0, 1].map(() => placesIn(cacheDir, { stores: counting }));
    const listings = await Promise.all(
      two.map(async (places) => listModelFolders('s3://models/all/', places)),
    );
    const expected = await listModelFolders(local('all'));
    expect(expected.models).toHaveLength(4);
    for (const listing of listings) {
      expect(listing.problems).toEqual([]);
      expect(listing.models.map(({ ref, version }) => [ref, version])).toEqual(
        expected.models.map(({ ref, version }) => [ref, version]),
      );
      expect(listing.aliases).toEqual(expected.aliases);
    }
    expect(streamed).toHaveLength(new Set(streamed).size);
    const one = await listModelFolders('s3://models/all/big/2/', two[0]);
    expect(one.models.map(({ ref }) => ref)).toEqual([expected.models[1]!.ref]);
  });

  it('are served from the copies while the store is down, and a start without copies says what is wrong', async () => {
    await upload('down', 'tiny');
    const cacheDir = newCache();
    const before = await listModelFolders('s3://models/down/', placesIn(cacheDir));
    const [after, none] = await Promise.all([
      listModelFolders('s3://models/down/', placesIn(cacheDir, { stores: unreachable })),
      findModels({
        dirs: ['s3://models/down/'],
        only: [],
        pool: 'default',
        places: placesIn(newCache(), { stores: unreachable }),
      }),
    ]);
    expect(after.models[0]!.ref).toEqual(before.models[0]!.ref);
    expect(after.models[0]!.notes).toEqual([
      expect.stringMatching(/^this is the last copy .*cannot be listed/),
    ]);
    const message = expect.stringMatching(
      /^The models below s3:\/\/models\/down\/ cannot be listed: /,
    ) as string;
    expect(modelReport([], none)).toEqual({
      models: [],
      problems: [{ model: 's3://models/down/', message }],
    });
    expect(none.problems[0]!.error.code).toBe('storage_unavailable');
  });

  it('are made whole again after a process died, or files were lost', async () => {
    await upload('whole', 'tiny');
    const cacheDir = newCache();
    const first = await listModelFolders('s3://models/whole/', placesIn(cacheDir));
    truncateSync(first.models[0]!.entryPath, 3);
    const [copy] = copiesIn(cacheDir);
    const dead = join(cacheDir, 'models', `${copy!}.making`);
    writeFileSync(dead, '');
    utimesSync(dead, 0, 0);
    const again = await listModelFolders('s3://models/whole/', placesIn(cacheDir));
    expect(again.models[0]!.ref).toEqual(first.models[0]!.ref);
    expect(copiesIn(cacheDir)).toEqual([copy]);
  });

  it('take bounded space: the copy that nothing uses goes, and one in use never does', async () => {
    await upload('room', 'one');
    await upload('room', 'two');
    await upload('room', 'three');
    const cacheDir = newCache();
    const roomy = placesIn(cacheDir);
    const { models } = await listModelFolders('s3://models/room/one/', roomy);
    await listModelFolders('s3://models/room/two/', roomy);
    const names = copiesIn(cacheDir);
    const modelCacheBytes = names.reduce((sum, name) => sum + Number(name.split('-')[1]), 10);
    const used = realpathSync(models[0]!.dir).split('/').at(-3)!;
    for (const name of names) utimesSync(join(cacheDir, 'models', name), 0, 0);
    await placesIn(cacheDir).keep([models[0]!.dir]);
    await listModelFolders('s3://models/room/three/', placesIn(cacheDir, { modelCacheBytes }));
    expect(copiesIn(cacheDir)).toHaveLength(2);
    expect(copiesIn(cacheDir)).toContain(used);
    const full = await listModelFolders('s3://models/room/two/', placesIn(cacheDir, { modelCacheBytes }));
    expect(full.problems[0]!.error.message).toMatch(/Raise FOREBAY_MODEL_CACHE_MB/);
    expect(copiesIn(cacheDir)).toHaveLength(2);
  });

  it('are watched: a new version is found when it has been uploaded', async () => {
    await upload('watch', 'tiny');
    const wanted = { dirs: ['s3://models/watch/'], only: [], pool: 'default', places: placesIn(newCache()) };
    const before = await findModels(wanted);
    const changes: FoundModels[] = [];
    const watch = watchModels({
      wanted,
      known: before,
      onChange: async (found) => void changes.push(found),
      inUse: () => [],
      emit: () => {},
    });
    await upload('watch', 'tiny', { top_k: 1 });
    await waitUntil('the new version', async () => changes.length > 0);
    watch.stop();
    const now = await createModelFolderReader().list(local('watch'));
    expect(changes[0]!.models.map(({ folder }) => folder.ref)).toEqual([now.models[0]!.ref]);
    expect(now.models[0]!.ref).not.toEqual(before.models[0]!.folder.ref);
  });
});
