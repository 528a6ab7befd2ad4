/**
 * What is staged is a blob of its own beside its final name. To publish it, its content is sent as blocks for that name,
 * then the staged blob is looked at once more, then the blocks are committed. To discard it, the staged blob is marked,
 * then the server is made to forget the blocks. So whatever is between the look and the commit is too late
 * (docs/adr/0035-azure.md).
 */
import { randomUUID } from 'node:crypto';
import { parseObjectUrl } from '../object-url.ts';
import type { Trying } from '../remote/trying.ts';
import { rangeHeader } from '../range-header.ts';
import { gather } from '../gather.ts';
import type { PublishOutcome, Staged, WritableStore } from '../store.ts';
import type { AzureClient } from './azure-client.ts';
import { contended, NOT_AS_EXPECTED, type Blobs } from './blobs.ts';
import { FENCE_HEADERS, isFenceHeaders, stagedFolder } from './fence.ts';
import { acquireLease, releaseLease, type Lease } from './leases.ts';

const BLOCK_BYTES = 8 * 1024 * 1024;
/** Each try needs another process that changes the name in this moment. */
const TRIES = 10;
const DISCARDED = 'x-ms-meta-discarded';

export type StagedBlobs = Pick<WritableStore, 'stage' | 'publish' | 'discard'>;

export function createStagedBlobs(client: AzureClient, trying: Trying, blobs: Blobs): StagedBlobs {
  const { signal: never } = new AbortController();
  /** Saves a request for what this process has staged itself. */
  const contents = new WeakMap<Staged, Uint8Array>();

  /** Null: it was discarded, or published before. */
  async function pieceOf(at: string, from: number): Promise<Uint8Array | null> {
    return trying(never, async ({ stop }) => {
      const headers = rangeHeader({ from, to: from + BLOCK_BYTES });
      const answers = ['BlobNotFound', 'InvalidRange'];
      const response = await client.send({ method: 'GET', ...parseObjectUrl(at), headers, answers }, stop);
      if (response.code === 'BlobNotFound') return null;
      if (response.code === 'InvalidRange') return new Uint8Array();
      return gather(response.body, BLOCK_BYTES);
    });
  }

  async function* pieces(staged: Staged, at: string): AsyncGenerator<Uint8Array | null> {
    const known = contents.get(staged);
    if (known !== undefined) {
      if (known.length > 0) yield known;
      return;
    }
    for (let from = 0; ; from += BLOCK_BYTES) {
      const piece = await pieceOf(at, from);
      if (piece === null || piece.length > 0) yield piece;
      if (piece === null || piece.length < BLOCK_BYTES) return;
    }
  }

  async function isStaged(at: string): Promise<boolean> {
    const { code, headers } = await blobs.change('HEAD', at, { answers: ['BlobNotFound'] });
    return code === '' && headers[DISCARDED] === undefined;
  }

  /** The blocks that were sent. `busy`: the name is not free. */
  async function sendBlocks(
    staged: Staged,
    at: string,
    lease: Lease | null,
  ): Promise<readonly string[] | 'gone' | 'busy'> {
    const blocks: string[] = [];
    for await (const piece of pieces(staged, at)) {
      if (piece === null) return 'gone';
      const block = blockId(staged.id, blocks.length);
      const { code } = await blobs.putBlock(staged.url, block, piece, lease?.id ?? null);
      if (code !== '') return 'busy';
      blocks.push(block);
    }
    return blocks;
  }

  /** What must hold when the blocks are committed. Null: the name is not free. */
  async function conditionFor(
    url: string,
    blocks: readonly string[],
    lease: Lease | null,
    at: string,
  ): Promise<Readonly<Record<string, string>> | 'gone' | null> {
    if (lease !== null) return { 'x-ms-lease-id': lease.id };
    if (blocks.length > 0) return { 'if-none-match': '*' };
    // Without blocks there is nothing to forget. So an empty file replaces a fence, which others remove.
    if (!(await isStaged(at))) return 'gone';
    const { code, etag } = await blobs.commit(url, [], { 'if-none-match': '*', ...FENCE_HEADERS });
    return code === '' ? { 'if-match': etag } : null;
  }

  /** Null: not published, try again. */
  async function tryToPublish(
    staged: Staged,
    at: string,
    mode: 'new' | 'replace',
  ): Promise<PublishOutcome | null> {
    const { url } = staged;
    const existing = async () =>
      (await clearName(blobs, url)) === 'file' && mode === 'new' ? ('exists' as const) : null;
    const lease = mode === 'replace' ? await acquireLease(blobs, url) : null;
    try {
      const blocks = await sendBlocks(staged, at, lease);
      if (blocks === 'gone') return 'gone';
      const condition = blocks === 'busy' ? null : await conditionFor(url, blocks, lease, at);
      if (condition === 'gone') return 'gone';
      if (blocks === 'busy' || condition === null) return await existing();
      if (!(await isStaged(at))) {
        const fence = condition['if-match'];
        if (fence !== undefined) await removeFence(blobs, url, fence);
        return 'gone';
      }
      const { code } = await blobs.commit(url, blocks, condition);
      if (code === '') return 'stored';
      // Someone else has made the server forget the blocks, for another run.
      return code === 'InvalidBlockList' ? null : await existing();
    } finally {
      // Otherwise it ends by itself.
      if (lease !== null) await releaseLease(blobs, url, lease).catch(() => undefined);
    }
  }

  return {
    async stage(url, write) {
      const id = randomUUID();
      const at = stagedBlob({ url, id });
      const staged: Staged = { url, id, tags: [] };
      const blocks: string[] = [];
      let kept: Uint8Array[] = [];
      let size = 0;
      const together = () => (kept.length === 1 ? kept[0]! : Buffer.concat(kept));
      const send = async () => {
        const block = blockId(id, blocks.length);
        blocks.push(block);
        await blobs.putBlock(at, block, together(), null);
        kept = [];
        size = 0;
      };
      try {
        const result = await write(async (bytes) => {
          kept.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
          size += kept.at(-1)!.length;
          if (size >= BLOCK_BYTES) await send();
        });
        if (blocks.length === 0) {
          const content = together();
          await blobs.putBlob(at, content);
          contents.set(staged, content);
        } else {
          if (size > 0) await send();
          await blobs.commit(at, blocks, {});
        }
        return { staged, result };
      } catch (error) {
        await blobs.remove(at).catch(() => undefined);
        throw error;
      }
    },

    async publish(staged, mode) {
      const at = stagedBlob(staged);
      for (let tries = TRIES; tries > 0; tries--) {
        const outcome = await tryToPublish(staged, at, mode);
        if (outcome === 'stored') await blobs.remove(at);
        if (outcome !== null) return outcome;
      }
      throw contended(staged.url);
    },

    async discard(staged) {
      const at = stagedBlob(staged);
      const mark = { query: { comp: 'metadata' }, headers: { [DISCARDED]: '1' }, answers: ['BlobNotFound'] };
      // A staged blob is removed only when nothing can be published from it any more.
      if ((await blobs.change('PUT', at, mark)).code !== '') return;
      await forgetBlocks(blobs, staged.url);
      await blobs.remove(at);
    },
  };
}

function stagedBlob({ url, id }: Pick<Staged, 'url' | 'id'>): string {
  return `${stagedFolder(url)}/${id}`;
}

/** All blocks of a blob have ids of one length. */
function blockId(id: string, at: number): string {
  return Buffer.from(`${id}-${String(at).padStart(5, '0')}`).toString('base64');
}

/** Makes the server forget the blocks that were sent for a name, and ends the right to replace its file. */
async function forgetBlocks(blobs: Blobs, url: string): Promise<void> {
  for (let tries = TRIES; tries > 0; tries--) {
    const fence = await blobs.commit(url, [], { 'if-none-match': '*', ...FENCE_HEADERS });
    if (fence.code === '') return removeFence(blobs, url, fence.etag);
    // The removal of a file makes the server forget the blocks.
    if ((await clearName(blobs, url)) === 'file') return blobs.breakLease(url);
  }
  throw contended(url);
}

/** Removes a fence, of whichever process. What is there then: a file, or nothing. */
async function clearName(blobs: Blobs, url: string): Promise<'file' | 'nothing'> {
  const { code, headers, etag } = await blobs.change('HEAD', url, { answers: ['BlobNotFound'] });
  if (code === '' && !isFenceHeaders(headers)) return 'file';
  // An emulator leases even a name without a blob.
  await blobs.breakLease(url);
  if (code === '') await removeFence(blobs, url, etag);
  return 'nothing';
}

async function removeFence(blobs: Blobs, url: string, etag: string): Promise<void> {
  await blobs.change('DELETE', url, { headers: { 'if-match': etag }, answers: NOT_AS_EXPECTED });
}
