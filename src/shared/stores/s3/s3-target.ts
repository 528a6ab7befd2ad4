/** The address of a request to S3. Pure. */
import { encodeReserved } from '../remote/encode-reserved.ts';
import type { S3Settings } from './s3-settings.ts';

export interface S3Target {
  readonly origin: string;
  readonly host: string;
  /** Encoded as S3 signs it. */
  readonly path: string;
}

export const FIRST_REGION = 'us-east-1';

/** `region`: the bucket's. `key`: null for the bucket itself. */
export function s3Target(
  { endpoint, pathStyle }: Pick<S3Settings, 'endpoint' | 'pathStyle'>,
  region: string,
  bucket: string,
  key: string | null,
): S3Target {
  const base = new URL(endpoint ?? awsEndpoint(region));
  // A dot in the bucket's name would not match the certificate of the endpoint.
  const inPath = pathStyle ?? (endpoint !== null || bucket.includes('.'));
  const host = inPath ? base.host : `${bucket}.${base.host}`;
  const prefix = base.pathname.replace(/\/$/, '');
  const parts = [...(inPath ? [bucket] : []), ...(key === null ? [] : [key])];
  return {
    origin: `${base.protocol}//${host}`,
    host,
    path: `${prefix}/${parts.map(encodeKey).join('/')}`,
  };
}

function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** Encodes everything that RFC 3986 reserves, except `/`. */
function encodeKey(key: string): string {
  return key.split('/').map(encodeReserved).join('/');
}
