/** Lists the rows of the earlier output that a delta job has not found, by comparing the rows of both outputs. */
import { createKeyOf } from '../../../shared/datasets/delta/open-delta.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { openEarlierRows, rowsOfPart } from '../../../shared/storage/earlier-rows.ts';
import type { Output, Outputs } from '../../../shared/storage/output.ts';
import type { ManifestPart } from '../../../shared/storage/read-manifest.ts';

export interface VanishedRows {
  /** Call it with each part of the job, in order. `part`: its entry in the manifest. */
  after(number: number, part: ManifestPart): Promise<void>;
  /** Call it after the last part. Returns the number of vanished rows. */
  end(): Promise<number>;
  close(): Promise<void>;
}

/** Null: the job is not a delta job. `add` writes a JSON line per row. Rejects as openEarlierRows does. */
export async function listVanished(
  { delta, dataset, options, table }: JobSpec,
  output: Output,
  outputs: Outputs,
  add: (text: string) => Promise<void>,
): Promise<VanishedRows | null> {
  if (delta === undefined || dataset.type !== 'files') return null;
  const keyOf = createKeyOf(dataset);
  const earlier = await openEarlierRows(outputs.of(delta.output), delta, keyOf);
  let head = await earlier.next();
  let count = 0;

  async function addBefore(key: string | null): Promise<void> {
    let text = '';
    for (; head !== null && (key === null || head.key < key); head = await earlier.next()) {
      text += `${JSON.stringify({ index: head.index, id: head.id })}\n`;
      count += 1;
      if (text.length < FLUSH_CHARS) continue;
      await add(text);
      text = '';
    }
    await add(text);
  }

  return {
    async after(number, { sha256, errors }) {
      for (const { id } of await rowsOfPart(output, { table }, number, sha256, errors !== null)) {
        const key = keyOf(id);
        if (head !== null && head.key < key) await addBefore(key);
        if (head?.key === key) head = await earlier.next();
      }
    },
    async end() {
      // With a limit, the job has not looked at what comes after its last row.
      if (options.limit === null) await addBefore(null);
      return count;
    },
    close: async () => earlier.close(),
  };
}

const FLUSH_CHARS = 1 << 16;
