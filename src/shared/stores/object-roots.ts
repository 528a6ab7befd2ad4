/** The rule for where the objects of a job may be: below one of the operator's roots. Pure. */
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { OBJECT_SCHEMES, objectFolder, withoutScheme } from './object-url.ts';

/** Roots that allow every bucket: `s3://` and `az://`. */
export const EVERYTHING: readonly string[] = Object.keys(OBJECT_SCHEMES).map((scheme) => `${scheme}://`);

/** `s3://bucket/prefix` -> `s3://bucket/prefix/`. So it does not allow `s3://bucket/prefix-of-others/`. */
export function objectRoot(text: string): string {
  const trimmed = text.trim();
  return EVERYTHING.find((root) => root === trimmed.toLowerCase()) ?? objectFolder(trimmed);
}

/** The prefix of a tenant's objects below a root that tenants share. The default tenant, the operator, uses the root. */
export function tenantPrefix(root: string, tenant: string): string {
  return tenant === DEFAULT_TENANT ? root : `${root}${tenant}/`;
}

/** From objectRoot. */
export interface ObjectRoots {
  readonly objectRoots: readonly string[];
  /** Where jobs write. Default: nowhere. */
  readonly objectOutputRoots?: readonly string[];
}

/** Whether a job may read an object, or anything below a prefix. Takes URLs in the form of parseObjectUrl. */
export type ObjectRule = (url: string, tenant: string) => boolean;

function deepest(roots: readonly string[], url: string): number {
  return Math.max(-1, ...roots.filter((root) => url.startsWith(root)).map(({ length }) => length));
}

function withSingleSlashes(url: string): string {
  const rest = withoutScheme(url);
  return url.slice(0, -rest.length) + rest.replaceAll(/\/+/g, '/');
}

/** The same rule as for folders (files/input-folders.ts): the deepest root decides, and results are their tenant's own. */
export function createObjectRule({ objectRoots, objectOutputRoots = [] }: ObjectRoots): ObjectRule {
  function isOwn(url: string, tenant: string): boolean {
    const open = [...objectRoots, ...objectOutputRoots.map((results) => tenantPrefix(results, tenant))];
    const results = deepest(objectOutputRoots, url);
    return results === -1 || deepest(open, url) > results;
  }
  return (url, tenant) => {
    if (deepest(objectRoots, url) === -1) return false;
    // Servers on top of a file system read `//` as `/`.
    return tenant === DEFAULT_TENANT || (isOwn(url, tenant) && isOwn(withSingleSlashes(url), tenant));
  };
}
