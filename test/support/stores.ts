// The stores of a process, for tests. Loopback is allowed, and S3 and Azure are wherever the test says.
import type { AzureSettings } from '#forebay/shared/stores/azure/azure-settings.js';
import type { S3Settings } from '#forebay/shared/stores/s3/s3-settings.js';
import { createStores, type Stores, type StoresOptions } from '#forebay/shared/stores/stores.js';
import type { AzureServer } from './azurite.ts';
import type { S3Server } from './seaweedfs.ts';

/** An S3 server at `endpoint` for every bucket. */
export function s3At(endpoint: string, more: Partial<S3Settings> = {}): S3Settings {
  return { match: 's3://', endpoint, region: null, pathStyle: null, credentials: 'chain', ...more };
}

/** A storage account at `endpoint` for every container. */
export function azureAt(endpoint: string, more: Partial<AzureSettings> = {}): AzureSettings {
  return { match: 'az://', endpoint, account: null, credentials: 'chain', ...more };
}

/** The stores of a process that uses this S3 server. `endpoint`: of another server, or of a proxy. */
export function storesOnS3(
  server: Pick<S3Server, 'endpoint' | 'env' | 'variables'>,
  endpoint = server.endpoint,
): Stores {
  const { access, secret } = server.variables;
  const credentials = { env: { access_key: access, secret_key: secret } };
  return testStores({ env: server.env, s3: [s3At(endpoint, { credentials })] });
}

/** The stores of a process that uses this Azure server. `endpoint`: of a proxy. */
export function storesOnAzure(
  server: Pick<AzureServer, 'endpoint' | 'env'>,
  endpoint = server.endpoint,
): Stores {
  return testStores({ env: server.env, azure: [azureAt(endpoint)] });
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
