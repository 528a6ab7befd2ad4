/**
 * Changes published objects of an output as its owner. What replaces an object is an upload, which the next owner aborts.
 * A deletion is signed before the feeder looks at its lease, and the server refuses it soon after. So a feeder that was
 * frozen in between deletes nothing, once the next one has waited for that long.
 */
import { ForebayError } from '../../errors.ts';
import { LeaseLost } from '../../queue/jobs/lease.ts';
import { createSemaphore } from '../../process/semaphore.ts';
import type { TimedDeletion, WritableStore } from '../../stores/store.ts';
import { isFilePath } from '../file-names.ts';
import { errorsNumber, indexFile, isRecordName, partNumber } from '../output-names.ts';
import type { OutputOwner, OwnedFiles } from '../output.ts';
import type { ObjectPaths } from './object-paths.ts';
import { discardOthers } from './staging-area.ts';

/** Deletions that are signed together. */
const SIGNED_AT_ONCE = 64;
const SENT_AT_ONCE = 16;
/** A deletion may be too old by the time it is sent, if the server is slow. */
const TRIES = 5;

export async function changeObjects<T>(
  store: WritableStore,
  paths: ObjectPaths,
  owner: OutputOwner,
  act: (files: OwnedFiles) => Promise<T>,
): Promise<T> {
  const mustHold = async () => {
    if (!(await owner.holdsLease())) throw new LeaseLost(owner.job);
  };
  await mustHold();
  await discardOthers(store, paths, owner.job, mustHold);
  await mustHold();
  return act({
    async remove(names) {
      for (const group of ofOneKind(names)) {
        for (let at = 0; at < group.length; at += SIGNED_AT_ONCE) {
          await removeTogether(store, group.slice(at, at + SIGNED_AT_ONCE).map(paths.url), mustHold);
        }
      }
    },
    async replace(name, write) {
      const { staged, result } = await store.stage(paths.url(name), write);
      try {
        await mustHold();
      } catch (error) {
        await store.discard(staged);
        throw error;
      }
      if ((await store.publish(staged, 'replace')) !== 'gone') return result;
      await mustHold();
      // The reply to a first try may be lost. The owner begins again.
      throw new ForebayError('storage_unavailable', `It is unknown whether ${name} was replaced.`);
    },
  });
}

/** Consecutive names whose order does not matter. */
function* ofOneKind(names: readonly string[]): Generator<string[]> {
  const kindOf = (name: string) =>
    partNumber(name) !== null
      ? 'part'
      : isFilePath(name)
        ? 'file'
        : errorsNumber(name) !== null
          ? 'errors'
          : isRecordName(name) || indexFile(name) !== null
            ? 'record'
            : name;
  let group: string[] = [];
  for (const name of names) {
    if (group.length > 0 && kindOf(group[0]!) !== kindOf(name)) {
      yield group;
      group = [];
    }
    group.push(name);
  }
  if (group.length > 0) yield group;
}

async function removeTogether(
  store: WritableStore,
  urls: readonly string[],
  mustHold: () => Promise<void>,
): Promise<void> {
  let left = urls;
  const sending = createSemaphore(SENT_AT_ONCE);
  for (let tries = TRIES; left.length > 0; tries--) {
    if (tries === 0) throw new Error(`the store did not delete ${left[0]} in time`);
    const deletions: TimedDeletion[] = [];
    for (const url of left) deletions.push(await store.prepareRemoval(url));
    await mustHold();
    const done = await Promise.all(deletions.map(async (send) => sending.use(send)));
    left = left.filter((_, at) => !done[at]);
  }
}
