// Each kind of output, empty, for contract tests.
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import type { Output, Outputs } from '#forebay/shared/storage/output.js';
import { createOutputs } from '#forebay/shared/storage/outputs.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { noAzurite, startAzurite } from './azurite.ts';
import { noSeaweedfs, startSeaweedfs, type S3Server } from './seaweedfs.ts';
import { storesOnAzure, storesOnS3, testStores } from './stores.ts';

export interface OutputPlace {
  /**
   * `one by one`: if twelve runs complete their uploads at the same moment, the server answers 200 to two of them in
   * about one of a hundred tries (SeaweedFS 4.48, docs/adr/0024). So tests let such runs complete in turn.
   */
  readonly publishes: 'at once' | 'one by one';
  readonly outputs: Outputs;
  at(name: string): string;
  /** All files, also those that are staged. */
  files(output: string): Promise<string[]>;
  put(url: string, text: string): Promise<void>;
  /** What is staged and not published. */
  staged(output: string): Promise<number>;
  close(): Promise<void>;
}

export const OUTPUT_PLACES = [
  { name: 'folder', skipped: null, open: openFolders },
  { name: 's3', skipped: noSeaweedfs, open: openS3 },
  { name: 'azure', skipped: noAzurite, open: openAzure },
] as const;

const never = new AbortController().signal;

/** A place for all tests of a describe block. */
export function useOutputPlace(open: () => Promise<OutputPlace>) {
  const place = {} as OutputPlace;
  let outputs = 0;
  let ids = 0;
  beforeAll(async () => {
    Object.assign(place, await open());
  }, 60_000);
  afterAll(async () => place.close());
  return {
    place,
    /** An output that nothing has used before. */
    fresh: () => place.outputs.of(place.at(`o${++outputs}`)),
    jobId: () => newJobId(Date.now(), new Uint8Array(16).fill(++ids)),
    textOf: async (output: Output, path: string) => (await output.read(path))?.toString('utf8') ?? null,
  };
}

async function openFolders(): Promise<OutputPlace> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-output-')));
  const below = (folder: string): string[] =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
          .toSorted()
      : [];
  return {
    publishes: 'at once',
    outputs: createOutputs(testStores()),
    at: (name) => join(root, name),
    files: async (output) => below(output),
    async put(path, text) {
      await mkdir(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    staged: async (output) => below(join(output, '_staging')).length,
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
}

async function openS3(): Promise<OutputPlace> {
  const server = await startSeaweedfs('outputs');
  return { ...(await objectsAt('s3://outputs/', storesOnS3(server), server)), publishes: 'one by one' };
}

async function openAzure(): Promise<OutputPlace> {
  const server = await startAzurite('outputs');
  return objectsAt('az://outputs/', storesOnAzure(server), server);
}

async function objectsAt(base: string, stores: Stores, server: Pick<S3Server, 'stop'>): Promise<OutputPlace> {
  const store = await stores.writable(base);
  return {
    publishes: 'at once',
    outputs: createOutputs(stores),
    at: (name) => `${base}${name}/`,
    async files(output) {
      const found: string[] = [];
      for await (const { url } of store.list(output, null, never)) found.push(url.slice(output.length));
      return found.toSorted();
    },
    put: async (url, text) => store.put(url, text),
    async staged(output) {
      let count = 0;
      for await (const _ of store.staged(output, never)) count += 1;
      return count;
    },
    async close() {
      await stores.close();
      await server.stop();
    },
  };
}
