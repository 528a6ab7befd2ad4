// The stores of a process, for tests. Loopback is allowed, and S3 and Azure are wherever the test says.
import type { AzureSettings } from '#forebay/shared/stores/azure/azure-settings.js';
import type { S3Settings } from '#forebay/shared/stores/s3/s3-settings.js';
import { createStores, type Stores, type StoresOptions } from '#forebay/shared/stores/stores.js';

/** An S3 server at `endpoint` for every bucket. */
export function s3At(endpoint: string, more: Partial<S3Settings> = {}): S3Settings {
  return { match: 's3://', endpoint, region: null, pathStyle: null, credentials: 'chain', ...more };
}

/** A storage account at `endpoint` for every container. */
export function azureAt(endpoint: string, more: Partial<AzureSettings> = {}): AzureSettings {
  return { match: 'az://', endpoint, account: null, credentials: 'chain', ...more };
}

export function testStores(options: Partial<StoresOptions> = {}): Stores {
  return createStores({
    s3: [s3At('http://127.0.0.1:1')],
    azure: [azureAt('http://127.0.0.1:1/account')],
    fetchAllow: ['127.0.0.1'],
    fetchTimeoutMs: 10_000,
    maxFileBytes: 2 ** 20,
    maxFetchRatio: 200,
    ...options,
  });
}
