/**
 * Leases of blobs: for 15 s, only their holder may change the blob. The server refuses a change with a lease that has
 * ended, so a process that was frozen for longer changes nothing. Whoever comes next ends the lease earlier.
 */
import { randomUUID } from 'node:crypto';
import { DELETION_MS, type WritableStore } from '../store.ts';
import { contended, NOT_AS_EXPECTED, type Blobs } from './blobs.ts';
import { FENCE_HEADERS } from './fence.ts';

export interface Lease {
  readonly id: string;
  /** The version of the blob when it was leased. */
  readonly etag: string;
}

const TRIES = 10;

/** Ends the lease of another process. Null: there is no blob. */
export async function acquireLease(blobs: Blobs, url: string): Promise<Lease | null> {
  const id = randomUUID();
  for (let tries = TRIES; tries > 0; tries--) {
    const { code, etag } = await blobs.change('PUT', url, {
      query: { comp: 'lease' },
      headers: {
        'x-ms-lease-action': 'acquire',
        'x-ms-lease-duration': String(DELETION_MS / 1000),
        'x-ms-proposed-lease-id': id,
      },
      answers: ['BlobNotFound', 'LeaseAlreadyPresent', 'LeaseIsBreakingAndCannotBeAcquired'],
    });
    if (code === '') return { id, etag };
    if (code === 'BlobNotFound') return null;
    await blobs.breakLease(url);
  }
  throw contended(url);
}

export async function releaseLease(blobs: Blobs, url: string, { id }: Lease): Promise<void> {
  await blobs.change('PUT', url, {
    query: { comp: 'lease' },
    headers: { 'x-ms-lease-action': 'release', 'x-ms-lease-id': id },
    answers: ['BlobNotFound', 'LeaseIdMismatchWithLeaseOperation', 'LeaseNotPresentWithLeaseOperation'],
  });
}

/** See WritableStore. */
export function createTimedRemoval(blobs: Blobs): WritableStore['prepareRemoval'] {
  return async (url, ageMs = 0) => {
    const lease = await acquireLease(blobs, url);
    if (lease === null) return async () => true;
    // The server treats a lease that was ended as one that has expired.
    if (ageMs > DELETION_MS) await blobs.breakLease(url);
    const mine = { 'x-ms-lease-id': lease.id };
    return async () => {
      // The fence makes the server forget what late runs have sent for this name.
      const fenced = await blobs.commit(url, [], { ...mine, ...FENCE_HEADERS, 'if-match': lease.etag });
      if (fenced.code === 'BlobNotFound') return true;
      if (fenced.code !== '') return isGone(blobs, url);
      const { code } = await blobs.change('DELETE', url, { headers: mine, answers: NOT_AS_EXPECTED });
      return code === '' || code === 'BlobNotFound' || isGone(blobs, url);
    };
  };
}

async function isGone(blobs: Blobs, url: string): Promise<boolean> {
  return (await blobs.change('HEAD', url, { answers: ['BlobNotFound'] })).code !== '';
}
