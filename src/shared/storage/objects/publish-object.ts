/**
 * Publishes a part in an object store. A run uploads it, asks, and completes the upload, on condition that no object has
 * the name. The server refuses if a new owner has aborted the upload.
 */
import type { WritableStore } from '../../stores/store.ts';
import { partName, recordName } from '../output-names.ts';
import type { PartProof, PartToPublish, Published } from '../output.ts';
import { placeSurely } from '../place-surely.ts';
import { sha256 } from '../../text/sha256.ts';
import type { ObjectPaths } from './object-paths.ts';
import { placeStagedErrors, readObject, stageErrors } from './staged-errors.ts';

export async function publishObject(
  store: WritableStore,
  paths: ObjectPaths,
  { job, part, format, results, hash, errors, record }: PartToPublish,
  permit: () => Promise<PartProof | null>,
): Promise<Published | null> {
  const url = paths.url(partName(part, format));
  const stage = async () => stageErrors(store, paths, { job, part, hash, errors });
  if (errors !== '') await stage();
  const { staged } = await store.stage(url, async (add) => add(results));
  const proof = await permit().catch(async (error: unknown) => {
    await store.discard(staged).catch(() => undefined);
    throw error;
  });
  if (proof === null) {
    await store.discard(staged);
    return null;
  }
  // Needs no fence, because it is true of any part with this hash.
  if (record !== null) await store.put(paths.url(recordName(part, hash)), record);
  const outcome = await store.publish(staged, 'new');
  if (outcome === 'stored') {
    if (errors === '') return { outcome, proof };
    const place = async () => placeStagedErrors(store, paths, { job, part, hash });
    const isPlaced = await placeSurely({ place, stage, permit });
    return { outcome: isPlaced ? outcome : 'gone', proof };
  }
  if (outcome === 'exists') {
    await store.discard(staged);
    return { outcome, proof };
  }
  // If the reply to the first try was lost, this run's own part is there.
  const found = await readObject(store, url, Infinity);
  return { outcome: found !== null && sha256(found) === hash ? 'exists' : 'gone', proof };
}
