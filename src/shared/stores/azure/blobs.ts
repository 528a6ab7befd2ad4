/** Single requests that change a blob, with their retries. */
import type { IncomingHttpHeaders } from 'node:http';
import { ForebayError } from '../../errors.ts';
import { parseObjectUrl } from '../object-url.ts';
import type { Trying } from '../remote/trying.ts';
import type { AzureClient, AzureRequest } from './azure-client.ts';

export type Change = Pick<AzureRequest, 'answers' | 'body' | 'headers' | 'query'>;

export interface Changed {
  /** Empty if the request succeeded. */
  readonly code: string;
  /** The blob's version. Empty if the server sends none. */
  readonly etag: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Blobs {
  change(method: 'HEAD' | 'PUT' | 'DELETE', url: string, change: Change): Promise<Changed>;
  putBlob(url: string, body: Uint8Array | string): Promise<void>;
  putBlock(url: string, id: string, body: Uint8Array, lease: string | null): Promise<Changed>;
  /** Makes the blob from these blocks. The server then forgets all others that were sent for it. */
  commit(url: string, blocks: readonly string[], headers: Readonly<Record<string, string>>): Promise<Changed>;
  /** Ignores a blob that does not exist. */
  remove(url: string): Promise<void>;
  /** Ends the right of others to change the blob. */
  breakLease(url: string): Promise<void>;
}

/** What the server says if the blob is not as a condition demands. */
export const NOT_AS_EXPECTED = [
  'BlobAlreadyExists',
  'BlobNotFound',
  'ConditionNotMet',
  'InvalidBlockList',
  'LeaseIdMismatchWithBlobOperation',
  'LeaseIdMissing',
  'LeaseLost',
  'LeaseNotPresentWithBlobOperation',
  'TargetConditionNotMet',
] as const;

/** Slower connections are cut off. */
const SLOWEST_BYTES_PER_MS = 250;
/** A further try is needed only if another process changes the blob at the same moment. */
const TRIES = 10;

export function createBlobs(client: AzureClient, trying: Trying): Blobs {
  const { signal: never } = new AbortController();

  async function change(method: 'HEAD' | 'PUT' | 'DELETE', url: string, wanted: Change): Promise<Changed> {
    const { body = '' } = wanted;
    return trying(
      never,
      async ({ stop }) => {
        const response = await client.send({ method, ...parseObjectUrl(url), ...wanted }, stop);
        if (response.code === '') await response.body.dump();
        const { headers, code } = response;
        return { code, headers, etag: typeof headers.etag === 'string' ? headers.etag : '' };
      },
      Buffer.byteLength(body) / SLOWEST_BYTES_PER_MS,
    );
  }

  async function breakLease(url: string): Promise<void> {
    await change('PUT', url, {
      query: { comp: 'lease' },
      headers: { 'x-ms-lease-action': 'break', 'x-ms-lease-break-period': '0' },
      answers: ['BlobNotFound', 'LeaseNotPresentWithLeaseOperation', 'LeaseAlreadyBroken'],
    });
  }

  /** For names that only one process changes at a time. So a lease that exists belongs to an earlier process. */
  async function surely(url: string, method: 'PUT' | 'DELETE', wanted: Change): Promise<void> {
    for (let tries = TRIES; tries > 0; tries--) {
      const { code } = await change(method, url, {
        ...wanted,
        answers: [...(wanted.answers ?? []), 'LeaseIdMissing'],
      });
      if (code !== 'LeaseIdMissing') return;
      await breakLease(url);
    }
    throw contended(url);
  }

  return {
    change,
    breakLease,
    async putBlob(url, body) {
      await surely(url, 'PUT', { headers: { 'x-ms-blob-type': 'BlockBlob' }, body });
    },
    putBlock: async (url, id, body, lease) =>
      change('PUT', url, {
        query: { comp: 'block', blockid: id },
        headers: lease === null ? {} : { 'x-ms-lease-id': lease },
        body,
        answers: NOT_AS_EXPECTED,
      }),
    commit: async (url, blocks, headers) =>
      change('PUT', url, {
        query: { comp: 'blocklist' },
        headers: { 'content-type': 'application/xml', ...headers },
        body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks
          .map((id) => `<Uncommitted>${id}</Uncommitted>`)
          .join('')}</BlockList>`,
        answers: NOT_AS_EXPECTED,
      }),
    async remove(url) {
      await surely(url, 'DELETE', { answers: ['BlobNotFound'] });
    },
  };
}

export function contended(url: string): ForebayError {
  return new ForebayError('fetch_unavailable', `other processes change ${url} again and again`);
}
