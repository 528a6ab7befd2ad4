/** A place where bytes live, such as a folder, a bucket or a web server. Every object in it has a URL. */

export interface ObjectInfo {
  /** Bytes. Null if the server does not tell. */
  readonly size: number | null;
  /** Changes whenever the content changes: an ETag, or the size and modification time. Null if the server sends none. */
  readonly version: string | null;
  /** False: the server sends only whole objects. */
  readonly ranges?: boolean;
}

export interface Entry extends ObjectInfo {
  readonly url: string;
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Only the bytes from `from` to `to` - 1. The object may end earlier. */
  readonly range?: ByteRange;
  /** Rejects with `dataset_changed` if the object has another version. */
  readonly version?: string | undefined;
}

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Failures are ForebayErrors: `file_not_found`, `access_denied`, `dataset_changed`, `file_too_large`, and the `fetch_*`
 * codes for remote stores. Temporary ones are `retryable`. Remote stores retry `stat`, `read` and `list` themselves.
 * Aborting rejects with the signal's reason.
 */
export interface Store {
  /** Null if there is no such object. */
  stat(url: string, signal: AbortSignal): Promise<ObjectInfo | null>;
  /** The whole object or a range of it. It must fit the store's size limit for objects in memory. */
  read(url: string, options: ReadOptions): Promise<Uint8Array>;
  /** The same in chunks, for objects of any size. Stop iterating to close the connection. */
  stream(url: string, options: ReadOptions): AsyncIterable<Uint8Array>;
}

/** An object or a folder directly below a folder. */
export interface Child {
  readonly name: string;
  readonly isFolder: boolean;
  /** Null for a folder, and if the server does not tell. */
  readonly bytes: number | null;
  /** Epoch ms by the clock of the server. Null for a folder. */
  readonly writtenAt: number | null;
}

/** Content that lies on the store, but is not visible under its URL yet. */
export interface Staged {
  readonly url: string;
  readonly id: string;
  /** What the store needs to put the content together. */
  readonly tags: readonly string[];
}

export interface FoundStaged extends Pick<Staged, 'url' | 'id'> {
  /** Epoch ms by the clock of the server. */
  readonly stagedAt: number;
}

/** `exists`: another object has this URL. `gone`: what was staged has been discarded, or published before. */
export type PublishOutcome = 'stored' | 'exists' | 'gone';

/** A deletion that the store refuses once it is older than DELETION_MS. Returns false if it was too old. */
export type TimedDeletion = () => Promise<boolean>;

/** By the clock of the server. */
export const DELETION_MS = 15_000;

/**
 * A store for outputs. Publication has two steps, so that a frozen writer can be fenced: once `discard` has settled,
 * `publish` answers `gone`. Failures are those of Store. All methods retry temporary failures.
 */
export interface WritableStore extends ListingStore {
  /**
   * `prefix`: a folder and how a name begins. Gives the objects and folders of that folder with such a name, in byte
   * order.
   */
  children(prefix: string, signal: AbortSignal): AsyncIterable<Child>;
  /** `write` gets a function that adds bytes. If it rejects, nothing stays on the store. */
  stage<T>(
    url: string,
    write: (add: (bytes: Uint8Array | string) => Promise<void>) => Promise<T>,
  ): Promise<{ readonly staged: Staged; readonly result: T }>;
  /** `new`: only if no object has this URL. */
  publish(staged: Staged, mode: 'new' | 'replace'): Promise<PublishOutcome>;
  /** Ignores what is gone. */
  discard(staged: Pick<Staged, 'url' | 'id'>): Promise<void>;
  /** What is staged for URLs that start with `prefix`. Some of it may have just been discarded or published. */
  staged(prefix: string, signal: AbortSignal): AsyncIterable<FoundStaged>;
  put(url: string, body: Uint8Array | string): Promise<void>;
  /** Ignores an object that does not exist. */
  remove(url: string): Promise<void>;
  /** `ageMs`: the deletion's age at its start. Only for checks of a server. */
  prepareRemoval(url: string, ageMs?: number): Promise<TimedDeletion>;
}

export interface ListingStore extends Store {
  /**
   * The objects whose URL starts with `prefix`, in constant memory. Their order never changes. It is the byte order of
   * the URLs, or, on S3 servers on top of a file system, the byte order of the names in each folder. `after`: begins
   * after this URL, whether or not it still exists.
   */
  list(prefix: string, after: string | null, signal: AbortSignal): AsyncIterable<Entry>;
}
