/** The file that FOREBAY_STORES names: the endpoints of buckets, and where their credentials come from. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ForebayError, messageOf, type Issue } from '../errors.ts';
import { objectRoot } from './object-roots.ts';
import type { AzureSettings } from './azure/azure-settings.ts';
import type { S3Settings } from './s3/s3-settings.ts';
import {
  isAzureEntry,
  isEndpoint,
  STORE_ENTRY,
  toAzureSettings,
  toS3Settings,
  type StoreEntry,
} from './store-entry.ts';

const STORES_FILE = z.strictObject({ stores: z.array(STORE_ENTRY) });

/** By kind. The last settings of each kind match everything. */
export interface StoreSettings {
  readonly s3: readonly S3Settings[];
  readonly azure: readonly AzureSettings[];
}

/**
 * The settings of all stores. `path`: null for no file. Throws ForebayError `config_invalid`, which lists every problem.
 */
export function readStores(path: string | null, env: NodeJS.ProcessEnv): StoreSettings {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || null;
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || null;
  if (endpoint !== null && !isEndpoint(endpoint)) {
    throw new ForebayError('config_invalid', 'AWS_ENDPOINT_URL is not an http or https URL.');
  }
  const s3: S3Settings = { match: 's3://', endpoint, region, pathStyle: null, credentials: 'chain' };
  const azure: AzureSettings = { match: 'az://', account: null, endpoint: null, credentials: 'chain' };
  if (path === null) return { s3: [s3], azure: [azure] };
  const { stores } = parse(path);
  const missing = stores.flatMap(({ credentials }, i) => missingVariables(credentials, i, env));
  const twice = stores.flatMap(({ match }, i) =>
    stores.findIndex((other) => objectRoot(other.match) === objectRoot(match)) === i
      ? []
      : [{ path: `/stores/${i}/match`, message: `"${match}" has an entry already` }],
  );
  if (missing.length + twice.length > 0) throw invalid(path, [...twice, ...missing]);
  const onS3 = stores.flatMap((store) => (isAzureEntry(store) ? [] : [toS3Settings(store, s3)]));
  const onAzure = stores.flatMap((store) => (isAzureEntry(store) ? [toAzureSettings(store)] : []));
  return { s3: withRest(onS3, s3), azure: withRest(onAzure, azure) };
}

function withRest<T extends { readonly match: string }>(given: readonly T[], rest: T): T[] {
  return given.some(({ match }) => match === rest.match) ? [...given] : [...given, rest];
}

function parse(path: string): z.infer<typeof STORES_FILE> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ForebayError('config_invalid', `FOREBAY_STORES: cannot read ${path}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const parsed = STORES_FILE.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues.map((issue) => ({ path: `/${issue.path.join('/')}`, message: issue.message })),
  );
}

function invalid(path: string, issues: readonly Issue[]): ForebayError {
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  return new ForebayError('config_invalid', `FOREBAY_STORES: ${path} is invalid: ${text}`, { issues });
}

function missingVariables(
  credentials: StoreEntry['credentials'],
  at: number,
  env: NodeJS.ProcessEnv,
): Issue[] {
  if (typeof credentials !== 'object' || !('env' in credentials)) return [];
  return Object.entries(credentials.env).flatMap(([field, name]) =>
    name === undefined || env[name]
      ? []
      : [
          {
            path: `/stores/${at}/credentials/env/${field}`,
            message: 'the variable that it names is not set in this process',
          },
        ],
  );
}
