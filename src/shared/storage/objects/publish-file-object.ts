/** Publishes a compacted file on S3 or Azure, as publish-object.ts does with a part. */
import type { WritableStore } from '../../stores/store.ts';
import type { FileOutcome, FileToPublish } from '../output.ts';
import type { ObjectPaths } from './object-paths.ts';

export async function publishFileObject(
  store: WritableStore,
  paths: ObjectPaths,
  { path, write }: FileToPublish,
  permit: () => Promise<boolean>,
): Promise<FileOutcome> {
  const { staged } = await store.stage(paths.url(path), write);
  const may = await permit().catch(async (error: unknown) => {
    await store.discard(staged).catch(() => undefined);
    throw error;
  });
  if (!may) {
    await store.discard(staged);
    return 'refused';
  }
  const outcome = await store.publish(staged, 'new');
  if (outcome === 'exists') await store.discard(staged);
  return outcome;
}
