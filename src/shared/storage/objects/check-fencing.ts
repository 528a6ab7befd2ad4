/**
 * Checks that a server keeps the order that outputs rely on: a name is published once, a discarded upload cannot be
 * published, and a deletion that is too old is refused. Servers that do not would lose or mix results without notice.
 */
import { randomUUID } from 'node:crypto';
import type { ForebayError } from '../../errors.ts';
import type { WritableStore } from '../../stores/store.ts';
import { wrongOutput } from '../folder/folder-problem.ts';
import type { ObjectPaths } from './object-paths.ts';

/** Older than any clock difference that a server accepts. */
const OLD_MS = 3_600_000;

/** Rejects with ForebayError `invalid_request` if the server must not hold outputs, and with the errors of the store. */
export async function checkFencing(store: WritableStore, paths: ObjectPaths): Promise<void> {
  const url = `${paths.staging}check-${randomUUID()}`;
  const stage = async () => (await store.stage(url, async (add) => add('{}'))).staged;
  const refuse = (why: string): ForebayError =>
    wrongOutput(`${paths.place} is on a server that ${why}, so results could be lost or mixed`);
  const discarded = await stage();
  await store.discard(discarded);
  if ((await store.publish(discarded, 'new')) === 'stored') {
    await store.remove(url);
    throw refuse('completes an upload that was aborted');
  }
  try {
    if ((await store.publish(await stage(), 'new')) !== 'stored') throw refuse('does not complete uploads');
    const second = await stage();
    if ((await store.publish(second, 'new')) === 'stored') throw refuse('ignores If-None-Match');
    await store.discard(second);
    const tooOld = await store.prepareRemoval(url, OLD_MS);
    if (await tooOld()) throw refuse('accepts requests that have expired');
  } finally {
    await store.remove(url);
  }
}
