/** Notices models that appear, change or disappear while the worker runs, and pipelines that jobs give. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { InlinePipelines } from '../../shared/queue/workers/inline-pipelines.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { findModels, lookAtModels, type FoundModels, type ModelsWanted } from './find-models.ts';
import type { FolderLook } from './folder-look.ts';
import { withInline } from './inline-models.ts';

/** A change of a folder counts when two consecutive looks agree on it. Before that, files may still be being copied. */
const LOOK_MS = 1_000;

export interface ModelsWatch {
  stop(): void;
}

export function watchModels(deps: {
  wanted: ModelsWanted;
  /** The models that are already served. */
  known: FoundModels;
  inline?: Pick<InlinePipelines, 'queues' | 'all'>;
  onChange: (found: FoundModels) => Promise<void>;
  /** Folders of the models that lanes hold or may load. */
  inUse: () => readonly string[];
  emit: Emit;
}): ModelsWatch {
  const stopping = new AbortController();
  let found = deps.known;
  let served = keyOf(found.looks);
  let last = served;
  /** The queues of the pipelines that were last added. */
  let given = '';

  async function look(): Promise<void> {
    await deps.wanted.places?.keep(deps.inUse());
    const now = keyOf(await lookAtModels(deps.wanted));
    const isNew = now === last && now !== served;
    last = now;
    const queues = await inlineQueues();
    if (!isNew && queues === given) return;
    // Reading folders hashes every file, so a pipeline of a job takes the models that were read before.
    const folders = isNew ? await findModels(deps.wanted) : found;
    await deps.onChange(withInline(folders, (await deps.inline?.all()) ?? [], deps.wanted.pool));
    found = folders;
    if (isNew) served = now;
    given = queues;
  }

  /** The same queues as before if Redis cannot be read, so that folders are watched all the same. */
  async function inlineQueues(): Promise<string> {
    try {
      return ((await deps.inline?.queues()) ?? []).toSorted().join('\n');
    } catch (error) {
      if (redisTrouble(error) === null) throw error;
      return given;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(LOOK_MS, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) => deps.emit('models.watch_failed', { error: messageOf(error) }));
    }
  }

  void run();
  return { stop: () => stopping.abort() };
}

function keyOf(looks: ReadonlyMap<string, FolderLook>): string {
  return JSON.stringify([...looks].map(([dir, { key }]) => [dir, key]));
}
