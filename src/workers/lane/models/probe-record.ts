/** What probing found out about a model, kept on disk so that the next start need not probe again. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BATCH_VERDICTS, type BatchInvariance } from '../../../shared/domain/batch-invariance.ts';
import type { ModelMemory } from '../messages.ts';
import { machineKey } from './machine-key.ts';
import { onnxruntimeVersion } from './onnx-session.ts';

export interface ProbeRecord {
  readonly batchInvariance: BatchInvariance;
  readonly memory: ModelMemory | null;
}

/**
 * The record on disk, or a new one. `cache`: null keeps nothing. A folder that cannot be written costs the next
 * start a second, no more.
 */
export async function recordedProbe(
  cache: { readonly dir: string; readonly hash: string } | null,
  batchSize: number,
  probe: () => Promise<ProbeRecord>,
): Promise<ProbeRecord> {
  if (cache === null) return probe();
  const name = `${cache.hash}-${onnxruntimeVersion}-${machineKey()}-${batchSize}.json`;
  const file = join(cache.dir, 'probes', name);
  const known = await readFile(file, 'utf8')
    .then(parse)
    .catch(() => null);
  if (known !== null) return known;
  const found = await probe();
  // What was too slow or failed may have been so for a passing reason.
  if (found.batchInvariance.verdict !== 'unknown') await write(file, found).catch(() => undefined);
  return found;
}

async function write(file: string, record: ProbeRecord): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(temporary, JSON.stringify(record));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Null for anything but a whole record. */
function parse(text: string): ProbeRecord | null {
  const { batchInvariance: found, memory } = JSON.parse(text) as Partial<ProbeRecord>;
  const isWhole =
    found !== undefined &&
    BATCH_VERDICTS.includes(found.verdict) &&
    [found.maxDifference, found.batch, memory?.weightsBytes ?? 0, memory?.activationBytes ?? 0].every(
      Number.isFinite,
    );
  return isWhole ? { batchInvariance: found, memory: memory ?? null } : null;
}
