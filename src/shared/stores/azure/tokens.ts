/**
 * Tokens of Microsoft Entra, by the variables that Azure's libraries share: a service principal, a workload identity, or
 * the managed identity of the machine. A token is in this process only, and is asked for again before it expires.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { z } from 'zod';
import { ForebayError, messageOf } from '../../errors.ts';

/** Rejects with ForebayError `access_denied` if there is no identity. */
export type FindToken = () => Promise<string>;

const RESOURCE = 'https://storage.azure.com';
const LOGIN = 'https://login.microsoftonline.com';
/** The same on every machine of Azure. */
const MACHINE = 'http://169.254.169.254/metadata/identity/oauth2/token';
const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Elsewhere, nobody answers at the address of the machine's identity. */
const ANSWER_MS = 5_000;
/** A token is replaced when it is about to expire. */
const EARLY_S = 300;
/** Otherwise each row would wait for a failure. */
const FAILURE_MS = 30_000;

const TOKEN = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
type Token = z.infer<typeof TOKEN>;

export function createTokens(env: NodeJS.ProcessEnv): FindToken {
  let known: { readonly token: Promise<Token>; readonly until: number } | null = null;
  return async () => {
    if (known === null || performance.now() > known.until) {
      const token = ask(env).catch((error: unknown) => {
        known = { token, until: performance.now() + FAILURE_MS };
        throw notFound(error);
      });
      token.then(
        ({ expires_in }) => (known = { token, until: performance.now() + (expires_in - EARLY_S) * 1000 }),
        () => undefined,
      );
      known = { token, until: Infinity };
    }
    return (await known.token).access_token;
  };
}

async function ask(env: NodeJS.ProcessEnv): Promise<Token> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client } = env;
  const { AZURE_CLIENT_SECRET: secret, AZURE_FEDERATED_TOKEN_FILE: file } = env;
  if (tenant && client && (secret || file)) {
    const proof = secret
      ? { client_secret: secret }
      : { client_assertion_type: BEARER, client_assertion: (await readFile(file!, 'utf8')).trim() };
    const form = {
      grant_type: 'client_credentials',
      client_id: client,
      scope: `${RESOURCE}/.default`,
      ...proof,
    };
    const host = (env['AZURE_AUTHORITY_HOST'] || LOGIN).replace(/\/+$/, '');
    return answer(`${host}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  }
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = env;
  const isApp = Boolean(endpoint && header);
  const query = new URLSearchParams({
    resource: RESOURCE,
    'api-version': isApp ? '2019-08-01' : '2018-02-01',
    ...(client && { client_id: client }),
  });
  return answer(`${isApp ? endpoint : MACHINE}?${query.toString()}`, {
    method: 'GET',
    headers: isApp ? { 'x-identity-header': header! } : { metadata: 'true' },
  });
}

async function answer(url: string, options: Parameters<typeof request>[1]): Promise<Token> {
  const { statusCode, body } = await request(url, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
  const text = await body.text();
  if (statusCode === 200) return parseToken(text);
  throw new Error(`${new URL(url).origin} answers with status ${statusCode}${reasonIn(text)}`);
}

/** An error of the parser would repeat the text. */
function parseToken(text: string): Token {
  try {
    return TOKEN.parse(JSON.parse(text));
  } catch {
    throw new Error('the answer holds no token');
  }
}

/** Such as "AADSTS7000215: Invalid client secret provided." */
function reasonIn(text: string): string {
  try {
    const { error_description: reason } = JSON.parse(text) as Record<string, unknown>;
    return typeof reason === 'string' ? `: ${reason.split(/[\r\n]/)[0]}` : '';
  } catch {
    return '';
  }
}

function notFound(cause: unknown): ForebayError {
  return new ForebayError(
    'access_denied',
    'no credentials for Azure were found. Set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, for all processes, give them an identity of Microsoft Entra, or for a public container set "credentials": "none" in FOREBAY_STORES ' +
      `(${messageOf(cause)})`,
    { cause },
  );
}
