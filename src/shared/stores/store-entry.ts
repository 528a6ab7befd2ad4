/** One entry of the file that FOREBAY_STORES names. Its scheme decides which fields it may have. */
import { z } from 'zod';
import { isAccount, type AzureSettings } from './azure/azure-settings.ts';
import { objectRoot } from './object-roots.ts';
import { isObjectUrl, schemeOf } from './object-url.ts';
import { isRegion, type S3Settings } from './s3/s3-settings.ts';

const VARIABLE = z.string().regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable, not its value');

const CREDENTIALS = {
  s3: z.union(
    [
      z.literal('chain'),
      z.literal('none'),
      z.strictObject({ profile: z.string().min(1) }),
      z.strictObject({
        env: z.strictObject({
          access_key: VARIABLE,
          secret_key: VARIABLE,
          session_token: VARIABLE.optional(),
        }),
      }),
    ],
    '"chain", "none", {"profile": NAME} or {"env": {"access_key": VARIABLE, "secret_key": VARIABLE}}',
  ),
  az: z.union(
    [
      z.literal('chain'),
      z.literal('none'),
      z.strictObject({
        env: z.union([
          z.strictObject({ connection_string: VARIABLE }),
          z.strictObject({ account_key: VARIABLE }),
          z.strictObject({ sas_token: VARIABLE }),
        ]),
      }),
    ],
    '"chain", "none", or {"env": {"connection_string": VARIABLE}}, with account_key or sas_token instead if "account" is given',
  ),
};

const MATCH = z
  .string()
  .refine(isMatch, 'a bucket or a prefix, such as s3://bucket/prefix/ or az://container/prefix/');
const ENDPOINT = z
  .string()
  .refine(isEndpoint, 'an http or https URL without user, password and query')
  .optional();

const S3_ENTRY = z.strictObject({
  match: MATCH,
  endpoint: ENDPOINT,
  region: z.string().refine(isRegion, 'a region, such as eu-central-1').optional(),
  path_style: z.boolean().optional(),
  credentials: CREDENTIALS.s3.default('chain'),
});

const AZURE_ENTRY = z.strictObject({
  match: MATCH,
  endpoint: ENDPOINT,
  account: z
    .string()
    .refine(isAccount, 'a storage account: 3 to 24 lower-case letters and digits')
    .optional(),
  credentials: CREDENTIALS.az.default('chain'),
});

export type StoreEntry = z.infer<typeof S3_ENTRY> | z.infer<typeof AZURE_ENTRY>;

export const STORE_ENTRY = z.looseObject({}).transform((value, context): StoreEntry => {
  const parsed = (schemeOf(String(value['match'])) === 'az' ? AZURE_ENTRY : S3_ENTRY).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    context.addIssue({ code: 'custom', message: issue.message, path: issue.path });
  }
  return z.NEVER;
});

export function isAzureEntry(entry: StoreEntry): entry is z.infer<typeof AZURE_ENTRY> {
  return schemeOf(entry.match) === 'az';
}

export function toS3Settings(
  store: z.infer<typeof S3_ENTRY>,
  { endpoint, region }: Pick<S3Settings, 'endpoint' | 'region'>,
): S3Settings {
  return {
    match: objectRoot(store.match),
    endpoint: store.endpoint ?? endpoint,
    region: store.region ?? region,
    pathStyle: store.path_style ?? null,
    credentials: store.credentials,
  };
}

export function toAzureSettings(store: z.infer<typeof AZURE_ENTRY>): AzureSettings {
  return {
    match: objectRoot(store.match),
    account: store.account ?? null,
    endpoint: store.endpoint ?? null,
    credentials: store.credentials,
  };
}

function isMatch(text: string): boolean {
  try {
    return isObjectUrl(text) && objectRoot(text) !== '';
  } catch {
    return false;
  }
}

export function isEndpoint(text: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
  } catch {
    return false;
  }
}
