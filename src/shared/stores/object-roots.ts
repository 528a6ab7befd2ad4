/** The rule for where the objects of a job may be: below one of the operator's input roots. Pure. */
import { objectFolder } from './object-url.ts';

/** An input root that allows every bucket. */
const EVERYTHING = 's3://';

/** `s3://bucket/prefix` -> `s3://bucket/prefix/`. So it does not allow `s3://bucket/prefix-of-others/`. */
export function objectRoot(text: string): string {
  const trimmed = text.trim();
  return trimmed.toLowerCase() === EVERYTHING ? EVERYTHING : objectFolder(trimmed);
}

/** `roots`: from objectRoot. The returned function takes URLs in the form of parseObjectUrl. */
export function createObjectRule(roots: readonly string[]): (url: string) => boolean {
  return (url) => roots.some((root) => url.startsWith(root));
}
