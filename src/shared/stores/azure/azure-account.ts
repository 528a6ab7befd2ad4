/**
 * The storage account of a container: its address, and what its requests are authorised with. Secrets are in this process
 * only, and in no log, job or queue.
 */
import { secretOf } from '../remote/secret-of.ts';
import { ForebayError } from '../../errors.ts';
import type { AzureSettings } from './azure-settings.ts';
import { parseConnectionString, type Connection } from './connection-string.ts';
import { createTokens, type FindToken } from './tokens.ts';

export type Authority =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly account: string; readonly key: Buffer }
  /** The parameters of the signature. */
  | { readonly kind: 'sas'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'token'; readonly find: FindToken };

export interface AzureAccount {
  /** The URL of its blobs, without a slash at the end. */
  readonly endpoint: string;
  readonly authority: Authority;
}

/** Throws ForebayError `access_denied` if the process has no credentials, or does not know the account. */
export function findAccount(settings: AzureSettings, env: NodeJS.ProcessEnv): AzureAccount {
  const found = connectionOf(settings, env);
  const account = settings.account ?? found.account;
  const endpoint =
    settings.endpoint ?? found.endpoint ?? (account && `https://${account}.blob.core.windows.net`);
  if (!endpoint) {
    throw new ForebayError(
      'access_denied',
      'no storage account is named. Set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING for all processes, or "account" in FOREBAY_STORES',
    );
  }
  return { endpoint: endpoint.replace(/\/+$/, ''), authority: authorityOf(settings, found, account, env) };
}

function authorityOf(
  { credentials }: AzureSettings,
  { key, sas }: Connection,
  account: string | null,
  env: NodeJS.ProcessEnv,
): Authority {
  if (credentials === 'none') return { kind: 'none' };
  if (key !== null) {
    if (account === null) {
      throw new ForebayError(
        'access_denied',
        'an account key is given without the name of the account. Set AZURE_STORAGE_ACCOUNT, or "account" in FOREBAY_STORES',
      );
    }
    return { kind: 'key', account, key: Buffer.from(key, 'base64') };
  }
  if (sas !== null)
    return { kind: 'sas', query: Object.fromEntries(new URLSearchParams(sas.replace(/^\?/, ''))) };
  return { kind: 'token', find: createTokens(env) };
}

/** What variables say of the account. All of it is null if Microsoft Entra has to authorise the process. */
function connectionOf({ credentials, account }: AzureSettings, env: NodeJS.ProcessEnv): Connection {
  const get = (...names: string[]) => names.map((name) => env[name]).find(Boolean) ?? null;
  if (typeof credentials === 'object') {
    const { connection_string, account_key, sas_token } = credentials.env;
    if (connection_string !== undefined) return parseConnectionString(secretOf(env, connection_string));
    return {
      account: account ?? get(...ACCOUNT),
      endpoint: null,
      key: account_key === undefined ? null : secretOf(env, account_key),
      sas: sas_token === undefined ? null : secretOf(env, sas_token),
    };
  }
  const text = get('AZURE_STORAGE_CONNECTION_STRING');
  const named = { account: get(...ACCOUNT), endpoint: null, key: get(...KEY), sas: get(...SAS) };
  if (text === null) return named;
  const connection = parseConnectionString(text);
  // The variables name one account. Another one needs credentials of its own.
  const isOther = account !== null && connection.account !== null && account !== connection.account;
  return isOther ? { account: null, endpoint: null, key: null, sas: null } : connection;
}

/** The names in Azure's command line and in adlfs. */
const ACCOUNT = ['AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_ACCOUNT_NAME'];
const KEY = ['AZURE_STORAGE_KEY', 'AZURE_STORAGE_ACCOUNT_KEY'];
const SAS = ['AZURE_STORAGE_SAS_TOKEN'];
