/**
 * URLs of objects: `s3://bucket/key`. The key is literal, as for the tools of AWS. So `%`, `+`, `#` and `?` belong to
 * the key, and `%2e` is not a dot. Pure.
 */
import { ForebayError } from '../errors.ts';

export interface ObjectUrl {
  readonly bucket: string;
  /** Empty for the whole bucket. */
  readonly key: string;
  /** In its one canonical form. */
  readonly url: string;
}

const SCHEME = /^\s*s3:\/\//i;
/** Old buckets may have capitals and underscores. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,254}$/i;
/** Maximum characters of a bad URL in an error. */
const SHOWN_CHARS = 200;

export function isObjectUrl(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Throws ForebayError `invalid_request`. Some servers resolve `.` and `..` in a key like a file system, so a key with
 * such a part could leave the prefix that a job may read.
 */
export function parseObjectUrl(text: string): ObjectUrl {
  const rest = text.replace(SCHEME, '');
  const slash = rest.indexOf('/');
  const bucket = slash === -1 ? rest : rest.slice(0, slash);
  const key = slash === -1 ? '' : rest.slice(slash + 1);
  const bad = (why: string) =>
    new ForebayError('invalid_request', `"${text.slice(0, SHOWN_CHARS)}" ${why}. Write s3://BUCKET/KEY.`);
  if (!BUCKET.test(bucket) || bucket.includes('..')) throw bad('does not name a bucket');
  if (key.split('/').some((part) => part === '.' || part === '..')) {
    throw bad('has a "." or ".." part, which servers read in different ways');
  }
  if (/[\0\u{d800}-\u{dfff}]/u.test(key)) throw bad('has a character that no key can have');
  return { bucket, key, url: `s3://${bucket}/${key}` };
}

/** The URL of everything below a folder: `s3://bucket/photos` -> `s3://bucket/photos/`. Throws as parseObjectUrl does. */
export function objectFolder(text: string): string {
  const { url } = parseObjectUrl(text);
  return url.endsWith('/') ? url : `${url}/`;
}
