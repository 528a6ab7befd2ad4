/**
 * Keeps the folder of the last row open. A file that is opened relative to it is in that folder, even if the folder's
 * path leads elsewhere by then. So one check of the folder applies to all of its files. Linux only.
 */
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';

export interface OpenFolder {
  /** This prefix plus a file's name is a path to that file in the folder. */
  readonly prefix: string;
  /** The folder's path without links. */
  readonly real: string;
}

export interface OpenedFolder {
  /**
   * Opens a folder, by its absolute path, until the end of this turn of the event loop. A folder that stays open longer
   * could keep a file system from being unmounted. Throws the errors of node:fs.
   */
  of(folder: string): OpenFolder;
}

/** Linux's flag for a descriptor that only names a place, so the folder need not be readable. Node has no constant for it. */
const O_PATH = 0o10_000_000;

export function createOpenedFolder(): OpenedFolder {
  const descriptors = `/proc/${process.pid}/fd/`;
  let current: (OpenFolder & { readonly folder: string; readonly fd: number }) | null = null;
  let closing = false;

  function close(): void {
    if (current === null) return;
    closeSync(current.fd);
    current = null;
  }

  return {
    of(folder) {
      if (current?.folder === folder) return current;
      close();
      const fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
      current = { folder, fd, prefix: `${descriptors}${fd}/`, real: readlinkSync(descriptors + fd) };
      if (!closing) {
        closing = true;
        setImmediate(() => {
          closing = false;
          close();
        });
      }
      return current;
    },
  };
}
