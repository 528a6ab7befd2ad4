/** The address of a request to S3. Pure. */
import { encodeReserved } from '../remote/encode-reserved.ts';
import type { S3Settings } from './s3-settings.ts';

/** A bucket, as requests address it. */
export interface S3Target {
  readonly origin: string;
  readonly host: string;
  /** The path of a key, encoded as S3 signs it. With null, the path of the bucket itself. */
  readonly pathOf: (key: string | null) => string;
}

export const FIRST_REGION = 'us-east-1';

/** `region`: the bucket's. */
export function s3Target(
  { endpoint, pathStyle }: Pick<S3Settings, 'endpoint' | 'pathStyle'>,
  region: string,
  bucket: string,
): S3Target {
  const base = new URL(endpoint ?? awsEndpoint(region));
  // A dot in the bucket's name would not match the certificate of the endpoint.
  const inPath = pathStyle ?? (endpoint !== null || bucket.includes('.'));
  const host = inPath ? base.host : `${bucket}.${base.host}`;
  const prefix = base.pathname.replace(/\/$/, '');
  const folder = inPath ? `${prefix}/${encodeKey(bucket)}` : prefix;
  return {
    origin: `${base.protocol}//${host}`,
    host,
    pathOf: (key) => (key === null && inPath ? folder : `${folder}/${encodeKey(key ?? '')}`),
  };
}

function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** Most keys need no encoding. */
const PLAIN_KEY = /^[\w.~/-]*$/;

/** Encodes everything that RFC 3986 reserves, except `/`. */
function encodeKey(key: string): string {
  if (PLAIN_KEY.test(key)) return key;
  return key.split('/').map(encodeReserved).join('/');
}
