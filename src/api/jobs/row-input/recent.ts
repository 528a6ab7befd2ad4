/** Keeps the most recently used values. */

export interface Recent<Value> {
  of(key: string, make: () => Value): Value;
  forget(key: string): void;
}

/** A promise that rejects is not kept. */
export function createRecent<Value>(most: number): Recent<Value> {
  const kept = new Map<string, Value>();
  return {
    of(key, make) {
      const known = kept.get(key);
      const value = known ?? make();
      kept.delete(key);
      kept.set(key, value);
      if (value instanceof Promise && known === undefined) value.catch(() => kept.delete(key));
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
      }
      return value;
    },
    forget: (key) => void kept.delete(key),
  };
}
