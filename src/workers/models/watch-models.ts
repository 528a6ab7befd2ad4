/** Notices models that appear, change or disappear while the worker runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { findModels, lookAtModels, type FoundModels, type ModelsWanted } from './find-models.ts';
import type { FolderLook } from './folder-look.ts';

/** A change counts when two consecutive looks agree on it. Before that, files may still be being copied. */
const LOOK_MS = 1_000;

export interface ModelsWatch {
  stop(): void;
}

export function watchModels(deps: {
  wanted: ModelsWanted;
  /** The looks that belong to the models that are already served. */
  known: ReadonlyMap<string, FolderLook>;
  onChange: (found: FoundModels) => Promise<void>;
  /** Folders of the models that lanes hold or may load. */
  inUse: () => readonly string[];
  emit: Emit;
}): ModelsWatch {
  const stopping = new AbortController();
  let served = keyOf(deps.known);
  let last = served;

  async function look(): Promise<void> {
    await deps.wanted.places?.keep(deps.inUse());
    const now = keyOf(await lookAtModels(deps.wanted));
    const isStable = now === last;
    last = now;
    if (now === served || !isStable) return;
    await deps.onChange(await findModels(deps.wanted));
    served = now;
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
