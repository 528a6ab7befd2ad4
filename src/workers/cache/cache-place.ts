/** Where the entries of the result cache are stored: below a folder, or below a prefix of S3 or Azure. */
import type { RowKey } from './row-key.ts';

export interface FoundEntry {
  /** Where it is, for `remove`. */
  readonly at: string;
  /** How much of the cache it uses. */
  readonly bytes: number;
  /** Epoch ms. */
  readonly writtenAt: number;
}

/** All methods reject with the errors of the storage, and take no longer than a few seconds. */
export interface CachePlace {
  /** Shown in events. */
  readonly name: string;
  /** An entry that is used and older than this is written again, so that its time is close to that of its last use. */
  readonly renewAfterMs: number;
  /** How many entries may be read at once. As many may be written at once. */
  readonly atOnce: number;
  /** How much of the cache an entry of this size uses. */
  sizeOf(bytes: number): number;
  /** Null: there is none. */
  read(tenant: string, key: RowKey): Promise<Buffer | null>;
  /** Atomic: nobody ever reads a part of an entry. The last one to write wins. */
  write(tenant: string, key: RowKey, entry: Buffer): Promise<void>;
  /** Entries of all tenants and versions, lazily. Never a file that is not an entry. */
  entries(): AsyncIterable<FoundEntry>;
  /** Ignores what is gone. */
  remove(at: string): Promise<void>;
}

/** Raise it if older processes could not tell the new entries from theirs. */
export const ENTRIES = 'v1';

/** `v1/<tenant>/<2 hex digits>/<64 hex digits>` */
export function entryPath(tenant: string, key: RowKey): string {
  return `${ENTRIES}/${tenant}/${key.slice(0, 2)}/${key}`;
}

export const VERSION_NAME = /^v\d+$/;
export const SHARD_NAME = /^[0-9a-f]{2}$/;
export const ENTRY_NAME = /^[0-9a-f]{64}$/;
