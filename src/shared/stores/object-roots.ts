/** The rule for where the objects of a job may be: below one of the operator's roots. Pure. */
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { objectFolder } from './object-url.ts';

/** A root that allows every bucket. */
export const EVERYTHING = 's3://';

/** `s3://bucket/prefix` -> `s3://bucket/prefix/`. So it does not allow `s3://bucket/prefix-of-others/`. */
export function objectRoot(text: string): string {
  const trimmed = text.trim();
  return trimmed.toLowerCase() === EVERYTHING ? EVERYTHING : objectFolder(trimmed);
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

/** The same rule as for folders (files/input-folders.ts): the deepest root decides, and results are their tenant's own. */
export function createObjectRule({ objectRoots, objectOutputRoots = [] }: ObjectRoots): ObjectRule {
  return (url, tenant) => {
    const deepest = (roots: readonly string[]) =>
      Math.max(-1, ...roots.filter((root) => url.startsWith(root)).map(({ length }) => length));
    const root = deepest(objectRoots);
    if (root === -1) return false;
    if (tenant === DEFAULT_TENANT) return true;
    const own = deepest(objectOutputRoots.map((results) => tenantPrefix(results, tenant)));
    return Math.max(root, own) > deepest(objectOutputRoots);
  };
}
