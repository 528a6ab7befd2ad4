/**
 * The errors of a part, before they have their final name. They are an upload like the part. An object in the staging area
 * names it, so that any process that finds the part can complete it.
 */
import { z } from 'zod';
import { ForebayError } from '../../errors.ts';
import { gather } from '../../stores/gather.ts';
import type { Staged, WritableStore } from '../../stores/store.ts';
import type { ObjectPaths } from './object-paths.ts';

const UPLOAD = z.object({ id: z.string(), tags: z.array(z.string()) });
/** Any staging object is smaller. */
const MOST_BYTES = 64 * 1024;

const { signal: never } = new AbortController();

export async function stageErrors(
  store: WritableStore,
  paths: ObjectPaths,
  { job, part, hash, errors }: { job: string; part: number; hash: string; errors: string },
): Promise<void> {
  const { staged } = await store.stage(paths.errors(part), async (add) => add(errors));
  await store.put(
    paths.stagedErrors(job, part, hash),
    JSON.stringify({ id: staged.id, tags: [...staged.tags] } satisfies z.infer<typeof UPLOAD>),
  );
}

/** The upload that an object in the staging area names. Null if there is none. */
export async function readStagedErrors(
  store: WritableStore,
  paths: ObjectPaths,
  { job, part, hash }: { job: string; part: number; hash: string },
): Promise<Staged | null> {
  const text = await readObject(store, paths.stagedErrors(job, part, hash), MOST_BYTES);
  if (text === null) return null;
  try {
    return { url: paths.errors(part), ...UPLOAD.parse(JSON.parse(text.toString('utf8'))) };
  } catch {
    // Not written by Forebay.
    return null;
  }
}

/** Gives staged errors their final name. False if there are none. */
export async function placeStagedErrors(
  store: WritableStore,
  paths: ObjectPaths,
  of: { job: string; part: number; hash: string },
): Promise<boolean> {
  const staged = await readStagedErrors(store, paths, of);
  if (staged === null) return false;
  const outcome = await store.publish(staged, 'new');
  if (outcome === 'exists') await store.discard(staged);
  // Another process may have completed the upload. Or a new owner of the output has discarded it.
  if (outcome === 'gone' && (await store.stat(staged.url, never)) === null) return false;
  await store.remove(paths.stagedErrors(of.job, of.part, of.hash));
  return true;
}

/** A whole object. Null if it does not exist. Rejects with ForebayError `file_too_large`. */
export async function readObject(store: WritableStore, url: string, most: number): Promise<Buffer | null> {
  try {
    const bytes = await gather(store.stream(url, { signal: never }), most);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof ForebayError && error.code === 'file_not_found') return null;
    throw error;
  }
}
