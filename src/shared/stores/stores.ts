/** The stores of a process, by URL. Each loads with the first URL that needs it. */
import { ForebayError, InvariantError } from '../errors.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { createFileStore } from './file/file-store.ts';
import { createHttpStore } from './http/http-store.ts';
import type { AzureSettings } from './azure/azure-settings.ts';
import type { AzureStore } from './azure/azure-store.ts';
import { isObjectUrl, schemeOf } from './object-url.ts';
import type { S3Settings } from './s3/s3-settings.ts';
import type { S3Store } from './s3/s3-store.ts';
import type { ListingStore, Store, WritableStore } from './store.ts';

export interface StoresOptions {
  /** Settings of S3 for every URL. */
  readonly s3: readonly S3Settings[];
  /** The same of Azure. */
  readonly azure: readonly AzureSettings[];
  /** Private hosts that http URLs may reach. See createAddressFilter. */
  readonly fetchAllow: readonly string[];
  /** Milliseconds for one object, and for one page of a listing. */
  readonly fetchTimeoutMs: number;
  /** Largest object in memory, decompressed. */
  readonly maxFileBytes: number;
  /** Largest object in memory, as a multiple of its compressed size. */
  readonly maxFetchRatio: number;
  /** Where credentials are looked up. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What a thread needs to create the same stores. */
export function storesOptions({
  s3,
  azure,
  fetchAllow,
  fetchTimeoutMs,
  maxFileBytes,
  maxFetchRatio,
}: StoresOptions): StoresOptions {
  return { s3, azure, fetchAllow, fetchTimeoutMs, maxFileBytes, maxFetchRatio };
}

export interface Stores {
  /** The store of a `s3:`, `az:`, `http:`, `https:` or `file:` URL, or of a path. */
  of(url: string): Promise<Store>;
  /** Rejects with ForebayError `invalid_request` for http, which cannot list. */
  listing(url: string): Promise<ListingStore>;
  /** For `s3:` and `az:` URLs. */
  writable(url: string): Promise<WritableStore>;
  close(): Promise<void>;
}

const USER_AGENT = 'forebay';
/** More than the rows that a worker reads at once. */
const CONNECTIONS = 64;

export function createStores(options: StoresOptions): Stores {
  const { fetchTimeoutMs: timeoutMs, maxFileBytes: maxBytes, maxFetchRatio: maxRatio } = options;
  const fetch = createGuardedFetch({
    allow: options.fetchAllow,
    timeoutMs,
    maxBytes,
    maxRatio,
    userAgent: USER_AGENT,
  });
  const http = createHttpStore({ fetch, timeoutMs, maxBytes });
  const file = createFileStore({ maxBytes });
  const shared = {
    env: options.env ?? process.env,
    userAgent: USER_AGENT,
    timeoutMs,
    connections: CONNECTIONS,
    limits: { maxBytes, maxRatio },
  };
  let s3: Promise<S3Store> | null = null;
  let azure: Promise<AzureStore> | null = null;
  const openS3 = async () =>
    (s3 ??= import('./s3/s3-store.ts').then(({ createS3Store }) =>
      createS3Store({ settings: options.s3, ...shared }),
    ));
  const openAzure = async () =>
    (azure ??= import('./azure/azure-store.ts').then(({ createAzureStore }) =>
      createAzureStore({ settings: options.azure, ...shared }),
    ));
  const openObjects = async (url: string): Promise<S3Store | AzureStore> =>
    schemeOf(url) === 's3' ? openS3() : openAzure();
  const isHttp = (url: string) => !url.startsWith('/') && !/^file:/i.test(url);

  return {
    async of(url) {
      if (isObjectUrl(url)) return openObjects(url);
      // An unknown scheme gets the error of the http store, which names the known ones.
      return isHttp(url) ? http : file;
    },
    async listing(url) {
      if (isObjectUrl(url)) return openObjects(url);
      if (!isHttp(url)) return file;
      throw new ForebayError('invalid_request', 'A web server cannot list its files. Give a list of URLs.');
    },
    async writable(url) {
      if (isObjectUrl(url)) return openObjects(url);
      throw new InvariantError(`${url} is neither on S3 nor on Azure`);
    },
    async close() {
      await Promise.all([fetch, await s3, await azure].map(async (one) => one?.close()));
    },
  };
}
