// Outputs in a store of objects, as a test reads them.
import { expect } from 'vitest';
import { checkFencing } from '#forebay/shared/storage/objects/check-fencing.js';
import { objectPaths } from '#forebay/shared/storage/objects/object-paths.js';
import type { WritableStore } from '#forebay/shared/stores/store.js';
import type { OutputRow } from './service.ts';

const never = new AbortController().signal;

/** `root`: the URL of all outputs. `storeOf`: the store, once it is open. */
export function storedOutputs(root: string, storeOf: () => WritableStore) {
  const at = (name: string) => `${root}${name}/`;
  const names = async (name: string) => {
    const found: string[] = [];
    for await (const { url } of storeOf().list(at(name), null, never)) found.push(url.slice(at(name).length));
    return found;
  };
  const textOf = async (url: string) =>
    Buffer.from(await storeOf().read(url, { signal: never })).toString('utf8');
  return {
    at,
    /** Of all objects, also below folders. */
    names,
    /** Expects a whole output over files, without failed rows. */
    expectWhole: async (name: string, jobId: string, parts: number) => {
      const numbers = Array.from({ length: parts }, (_, i) => String(i).padStart(8, '0'));
      const found = (await names(name)).map((one) => one.replace(/-[0-9a-f]{16}/, '-HASH'));
      expect(found).toEqual([
        '_SUCCESS',
        `_parts-${jobId}-00000000.jsonl`,
        ...numbers.map((number) => `_rows-${number}-HASH.jsonl`),
        'job.json',
        'manifest.json',
        ...numbers.map((number) => `part-${number}.jsonl`),
      ]);
    },
    textOf,
    /** All rows of an output, as `cat part-*` shows them. */
    rowsOf: async (name: string, kind: 'part' | 'errors' = 'part') => {
      const rows: OutputRow[] = [];
      for (const file of (await names(name)).filter((found) => found.startsWith(`${kind}-`))) {
        const lines = (await textOf(at(name) + file)).split('\n').filter((line) => line !== '');
        rows.push(...lines.map((line) => JSON.parse(line) as OutputRow));
      }
      return rows;
    },
  };
}

/** Expects that the store is accepted for outputs, and that a server without its guarantees is refused. */
export async function expectFencingIsChecked(store: WritableStore, output: string): Promise<void> {
  const overwriting: WritableStore = {
    ...store,
    publish: async (staged) => store.publish(staged, 'replace'),
  };
  const forgetful: WritableStore = { ...store, discard: async () => undefined };
  const timeless: WritableStore = { ...store, prepareRemoval: async (url) => store.prepareRemoval(url) };
  const paths = objectPaths(output);
  await checkFencing(store, paths);
  await expect(checkFencing(overwriting, paths)).rejects.toThrow(/ignores If-None-Match/);
  await expect(checkFencing(forgetful, paths)).rejects.toThrow(/completes an upload that was aborted/);
  await expect(checkFencing(timeless, paths)).rejects.toThrow(/accepts requests that have expired/);
}
