/** Notices models that come, change or go while the worker runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import { findModels, lookAtModels, type FoundModels, type ModelsWanted } from './find-models.ts';
import type { FolderLook } from './folder-look.ts';

/** A change is taken when two looks in a row agree on it: until then files may be on their way. */
const LOOK_MS = 1_000;

export interface ModelsWatch {
  stop(): void;
}

/** `known`: the looks that go with what is served already. `onLook`: after each look, whatever it found. */
export function watchModels(deps: {
  wanted: ModelsWanted;
  known: ReadonlyMap<string, FolderLook>;
  onChange: (found: FoundModels) => Promise<void>;
  onLook: () => void;
  log: Logger;
}): ModelsWatch {
  const stopping = new AbortController();
  let taken = keyOf(deps.known);
  let seen = taken;

  async function look(): Promise<void> {
    const now = keyOf(await lookAtModels(deps.wanted));
    const settled = now === seen;
    seen = now;
    if (now === taken || !settled) return;
    await deps.onChange(await findModels(deps.wanted));
    taken = now;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(LOOK_MS, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) =>
        deps.log.warn({ error: messageOf(error) }, 'could not look for changed models'),
      );
      deps.onLook();
    }
  }

  void run();
  return { stop: () => stopping.abort() };
}

function keyOf(looks: ReadonlyMap<string, FolderLook>): string {
  return JSON.stringify([...looks].map(([dir, { key }]) => [dir, key]));
}
