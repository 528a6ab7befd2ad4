// Names of files must be on the disk before what they replace is removed.
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeCompacted } from '#forebay/api/feeder/compaction/write-compacted.js';
import type { JobRecord } from '#forebay/shared/domain/job/job.js';
import { fileListName, fileName } from '#forebay/shared/storage/file-names.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { publishFile } from '#forebay/shared/storage/publish-file.js';

const ID = 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z';
const OWNED = ['part-00000000.jsonl', 'manifest.json', '_SUCCESS'];

let root: string;
let synced: [folder: string, there: string[]][];
let undo: () => void;

/** Notes each folder that is synced, and which files are there at that moment. The sync itself is the real one. */
beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-sync-')));
  synced = [];
  const any = await open(root);
  const prototype = Object.getPrototypeOf(any) as FileHandle;
  await any.close();
  const real = Reflect.get(prototype, 'sync') as (this: FileHandle) => Promise<void>;
  prototype.sync = async function sync(this: FileHandle) {
    const path = await readlink(`/proc/self/fd/${this.fd}`);
    const there = OWNED.filter((name) => existsSync(join(root, name)));
    if ((await this.stat()).isDirectory()) synced.push([path, there]);
    return real.call(this);
  };
  undo = () => (prototype.sync = real);
});
afterEach(() => {
  undo();
  rmSync(root, { recursive: true, force: true });
});

it.skipIf(process.platform !== 'linux')(
  'the names of files and the manifest are on the disk before parts go, and _SUCCESS is at last (needs Linux)',
  async () => {
    const output = FOLDER_OUTPUTS.of(root);
    const publish = async (path: string, text: string) =>
      publishFile(
        output,
        { job: ID, path, token: 't', write: async (add) => add(Buffer.from(text)) },
        async () => true,
      );
    const name = fileName(0, 'jsonl', 'label=a');
    const row = '{"index":0,"id":"a"}\n';
    const file = await publish(name, row);
    await publish(fileListName(0), `${JSON.stringify({ name, rows: 1, ...file, errors: null })}\n`);
    const owner = { job: ID, lease: 'l', holdsLease: async () => true };
    await output.asOwner(owner, async (files) => files.replace(OWNED[0]!, async (add) => add(row)));
    synced = [];
    const record = {
      spec: { id: ID, compact: {} },
      filePlan: { blocks: 1, tasks: 1 },
      succeeded: 1,
    } as unknown as JobRecord;
    const members = async () => `"job":"${ID}","compact":{"files":1}`;
    await output.asOwner(owner, async (files) => writeCompacted(output, record, files, members));
    const [part, manifest, success] = OWNED as [string, string, string];
    const before = synced.filter(([, there]) => there.includes(part) && !there.includes(manifest));
    expect(before.map(([folder]) => folder).toSorted()).toEqual(
      [root, join(root, 'data'), join(root, 'data/label=a')].toSorted(),
    );
    expect(synced).toContainEqual([root, [part, manifest]]);
    expect(synced.at(-1)).toEqual([root, [manifest, success]]);
  },
);
