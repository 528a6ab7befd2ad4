/** Paths below the base of a dataset, which is a folder, a prefix of an object store, or the URL of a folder. Pure. */

export function pathBelow(base: string, name: string): string {
  return base.endsWith('/') ? base + name : `${base}/${name}`;
}

/** The inverse of `pathBelow`. */
export function nameBelow(base: string, path: string): string {
  return path.slice(base.endsWith('/') ? base.length : base.length + 1);
}
