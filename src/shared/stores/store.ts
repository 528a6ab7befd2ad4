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

export interface ListingStore extends Store {
  /**
   * The objects whose URL starts with `prefix`, in constant memory, and in an order that never changes: the byte order
   * of their URLs, or for S3 servers on top of a file system, that of the names in each folder. `after`: begins after
   * this URL, whether or not it still exists.
   */
  list(prefix: string, after: string | null, signal: AbortSignal): AsyncIterable<Entry>;
}
