/**
 * Signs requests with Signature Version 4 in their headers. The SDK's signer takes eight times as long, which was a
 * third of the CPU time of a GET (docs/adr/0020-s3-client.md). A test compares the two.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { sha256 } from '../../text/sha256.ts';
import { encodeReserved } from '../remote/encode-reserved.ts';
import type { Credentials } from './credentials.ts';

export interface ToSign {
  readonly method: string;
  /** Encoded as it is sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** All headers to sign, including `host` and `x-amz-content-sha256`. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Returns the headers of the request with those of the signature. `now`: epoch ms. */
export type SignRequest = (
  request: ToSign,
  credentials: Credentials,
  now: number,
) => Readonly<Record<string, string>>;

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Derives a key from the secret, and keeps it until the day or the credentials change. */
export function createSignRequest(region: string): SignRequest {
  let second: { readonly at: number; readonly text: string } | null = null;
  let derived: { readonly day: string; readonly secret: string; readonly key: KeyObject } | null = null;

  function keyOf(day: string, secret: string): KeyObject {
    if (derived === null || derived.day !== day || derived.secret !== secret) {
      const steps = [day, region, 's3', 'aws4_request'];
      const key = steps.reduce<string | Buffer>(
        (by, text) => createHmac('sha256', by).update(text).digest(),
        `AWS4${secret}`,
      );
      derived = { day, secret, key: createSecretKey(key as Buffer) };
    }
    return derived.key;
  }

  /** `20261129T155111Z` */
  function timeOf(now: number): string {
    const at = Math.floor(now / 1000);
    if (second === null || second.at !== at) {
      const text = new Date(at * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
      second = { at, text: `${text}Z` };
    }
    return second.text;
  }

  return (request, { accessKeyId, secretAccessKey, sessionToken }, now) => {
    const time = timeOf(now);
    const day = time.slice(0, 8);
    const headers: Record<string, string> = { ...request.headers, 'x-amz-date': time };
    if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken;
    const names = Object.keys(headers).toSorted();
    const signed = names.join(';');
    const canonical = [
      request.method,
      request.path,
      canonicalQuery(request.query),
      ...names.map((name) => `${name}:${canonicalValue(headers[name]!)}`),
      '',
      signed,
      headers['x-amz-content-sha256']!,
    ].join('\n');
    const scope = `${day}/${region}/s3/aws4_request`;
    const signature = createHmac('sha256', keyOf(day, secretAccessKey))
      .update(`${ALGORITHM}\n${time}\n${scope}\n${sha256(canonical)}`)
      .digest('hex');
    headers['authorization'] =
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return headers;
  };
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodeReserved(name), encodeReserved(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Trims the value, and makes each run of white space one space. Most values have none. */
function canonicalValue(value: string): string {
  return /\s/.test(value) ? value.trim().replaceAll(/\s+/g, ' ') : value;
}
