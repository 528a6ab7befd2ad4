/** Lists the rows of the earlier output that a delta job has not found, by comparing the rows of both outputs. */
import { createKeyOf } from '../../../shared/delta/open-delta.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { openEarlierRows, rowsOfPart, type EarlierReader } from '../../../shared/storage/earlier-rows.ts';
import { VANISHED_NAME } from '../../../shared/storage/output-names.ts';
import type { Output, Outputs, OwnedFiles } from '../../../shared/storage/output.ts';
import type { ManifestPart } from '../../../shared/storage/read-manifest.ts';
import { endOf } from './manifest-members.ts';

export interface VanishedRows {
  /** Call it with each part of the job, in order. `part`: its entry in the manifest. */
  after(number: number, part: ManifestPart): Promise<void>;
  /** Call it after the last part. Returns the number of vanished rows. */
  end(): Promise<number>;
}

/**
 * Calls `work` while vanished.jsonl is being written, and returns its result. Passes null if there is nothing to list: the
 * job is not a complete delta job, or its earlier output is gone.
 */
export async function withVanished<T>(
  record: JobRecord,
  { output, outputs, files }: { output: Output; outputs: Outputs; files: Pick<OwnedFiles, 'replace'> },
  work: (vanished: VanishedRows | null) => Promise<T>,
): Promise<T> {
  const { delta, dataset } = record.spec;
  if (delta === undefined || dataset.type !== 'files' || endOf(record) !== 'completed') return work(null);
  const keyOf = createKeyOf(dataset);
  const earlier = await openEarlierRows(outputs.of(delta.output), delta, keyOf).catch(nullIfChanged);
  if (earlier === null) return work(null);
  try {
    return await files.replace(VANISHED_NAME, async (add) =>
      work(await listVanished(record.spec, output, earlier, keyOf, add)),
    );
  } finally {
    await earlier.close();
  }
}

/** The results are complete without the list. */
function nullIfChanged(error: unknown): null {
  if (error instanceof ForebayError && error.code === 'output_changed') return null;
  throw error;
}

/** `add` writes a JSON line per row. */
async function listVanished(
  { options, table }: JobSpec,
  output: Output,
  earlier: EarlierReader,
  keyOf: (id: string) => string,
  add: (text: string) => Promise<void>,
): Promise<VanishedRows> {
  /** The rows end where the earlier output is damaged. The job's own results are complete without the list. */
  const next = async () => earlier.next().catch(nullIfChanged);
  let head = await next();
  let count = 0;

  async function addBefore(key: string | null): Promise<void> {
    let text = '';
    for (; head !== null && (key === null || head.key < key); head = await next()) {
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
        if (head?.key === key) head = await next();
      }
    },
    async end() {
      // With a limit, the job has not looked at what comes after its last row.
      if (options.limit === null) await addBefore(null);
      return count;
    },
  };
}

const FLUSH_CHARS = 1 << 16;
