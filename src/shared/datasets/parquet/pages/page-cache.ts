/**
 * Pages that this process has decoded. Blocks that follow each other share pages, and a page may be as large as its row
 * group.
 */

const MAX_BYTES = 64 * 1024 * 1024;

export interface PageCache<T> {
  get(key: string): T | undefined;
  /** Drops the pages that were not used for the longest time. The page that was just added stays, whatever its size. */
  add(key: string, page: T, bytes: number): void;
}

export function createPageCache<T>(maxBytes = MAX_BYTES): PageCache<T> {
  const pages = new Map<string, { readonly page: T; readonly bytes: number }>();
  let held = 0;
  const drop = (key: string) => {
    held -= pages.get(key)?.bytes ?? 0;
    pages.delete(key);
  };
  return {
    get(key) {
      const found = pages.get(key);
      if (found === undefined) return undefined;
      pages.delete(key);
      pages.set(key, found);
      return found.page;
    },
    add(key, page, bytes) {
      drop(key);
      pages.set(key, { page, bytes });
      held += bytes;
      for (const old of pages.keys()) {
        if (held <= maxBytes || old === key) return;
        drop(old);
      }
    },
  };
}
