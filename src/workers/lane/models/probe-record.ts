/** Keeps a model's probe result on disk, so that the next start need not probe again. */
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

/** The record on disk, or else a new one. If the cache is null or cannot be written, the next start probes again. */
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
  // A probe may have failed or been too slow for a temporary reason.
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

/** Null if the text is not a complete record. */
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
