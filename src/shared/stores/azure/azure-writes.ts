/** Writes blobs of Azure. See docs/adr/0035-azure.md for how a name is published once. */
import { bucketUrl, parseObjectUrl } from '../object-url.ts';
import type { Trying } from '../remote/trying.ts';
import type { WritableStore } from '../store.ts';
import type { AzureClient } from './azure-client.ts';
import type { BlobPages } from './blob-pages.ts';
import { createBlobs } from './blobs.ts';
import { isFenceMetadata, isStagedFolder, stagedAt, stagedFolder } from './fence.ts';
import { createTimedRemoval } from './leases.ts';
import { createStagedBlobs, type StagedBlobs } from './staged-blobs.ts';

export type AzureWrites = StagedBlobs &
  Pick<WritableStore, 'children' | 'prepareRemoval' | 'put' | 'remove' | 'staged'>;

export function createAzureWrites(client: AzureClient, trying: Trying, pages: BlobPages): AzureWrites {
  const blobs = createBlobs(client, trying);
  return {
    ...createStagedBlobs(client, trying, blobs),
    put: async (url, body) => blobs.putBlob(url, body),
    remove: async (url) => blobs.remove(url),
    prepareRemoval: createTimedRemoval(blobs),

    async *staged(prefix, signal) {
      const base = bucketUrl(prefix);
      // Below a folder, each folder has its own.
      const where = prefix.endsWith('/') ? prefix : stagedFolder(prefix);
      for await (const { blobs: found } of pages(where, {}, signal)) {
        for (const { name, writtenAt } of found) {
          const staged = stagedAt(base + name);
          if (staged !== null) yield { ...staged, stagedAt: writtenAt ?? 0 };
        }
      }
    },

    async *children(prefix, signal) {
      const { key } = parseObjectUrl(prefix);
      const folder = key.slice(0, key.lastIndexOf('/') + 1);
      const query = { delimiter: '/', include: 'metadata' } as const;
      for await (const { blobs: found, folders } of pages(prefix, query, signal)) {
        for (const { name, size, writtenAt, metadata } of found) {
          // Some tools mark a folder with an empty blob.
          const isFile = name !== folder && !isFenceMetadata(metadata);
          if (isFile) yield { name: name.slice(folder.length), isFolder: false, bytes: size, writtenAt };
        }
        for (const name of folders) {
          const child = name.slice(folder.length, -1);
          if (!isStagedFolder(child)) yield { name: child, isFolder: true, bytes: null, writtenAt: null };
        }
      }
    },
  };
}
