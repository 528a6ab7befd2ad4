// Replaces a folder as a whole. The new folder is built beside it. The old one is renamed away, and the new one takes its
// name. Several processes may do so at once, and the last one wins. Nobody ever sees part of a folder. Between the two
// renames there is no folder for a moment, because Node has no system call that exchanges two folders.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const TRIES = 100;
/** Error codes if another process replaces the same folder, so that the target has reappeared or vanished. */
const CROSSED = new Set(['ENOENT', 'ENOTEMPTY', 'EEXIST']);

/** A path beside `target` for this process alone. `tidyBeside` removes it once the process is gone. */
export function workFolder(target, use) {
  return join(dirname(target), `.${basename(target)}-${use}-${process.pid}`);
}

/** Renames `next` to `target` and deletes what was there. */
export function replaceFolder(target, next) {
  const old = workFolder(target, 'old');
  for (let left = TRIES; ; left -= 1) {
    try {
      if (existsSync(target)) renameSync(target, old);
      renameSync(next, target);
      break;
    } catch (error) {
      if (!CROSSED.has(error.code) || left === 0) {
        if (!existsSync(target) && existsSync(old)) renameSync(old, target);
        throw error;
      }
    } finally {
      if (existsSync(target)) rmSync(old, { recursive: true, force: true });
    }
  }
}

/** Removes what killed processes left beside `target`. If one died between the two renames, it restores `target`. */
export function tidyBeside(target) {
  const folder = dirname(target);
  const names = new RegExp(`^\\.${basename(target)}-(building|old)-(\\d+)$`);
  for (const name of readdirSync(folder)) {
    const [, use, pid] = names.exec(name) ?? [];
    if (use === undefined || isAlive(Number(pid))) continue;
    try {
      if (use === 'old' && !existsSync(target)) renameSync(join(folder, name), target);
      // Retries, because a compiler that outlived its build may still write.
      else rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      if (!CROSSED.has(error.code)) throw error;
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
