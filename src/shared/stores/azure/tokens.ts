/**
 * Tokens of Microsoft Entra, by the variables that Azure's libraries share: a service principal, a workload identity, or
 * the managed identity of the machine. A token is in this process only, and is asked for again before it expires.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { z } from 'zod';
import { ForebayError, messageOf } from '../../errors.ts';
import { isTemporary } from '../../net/temporary-status.ts';
import { DENIED_MS, identityDown, noAnswer, TROUBLE_MS } from '../remote/identity-trouble.ts';

/**
 * Rejects with ForebayError `access_denied` if there is no identity, and with `fetch_unavailable` if the service that
 * gives tokens is down.
 */
export type FindToken = () => Promise<string>;

const RESOURCE = 'https://storage.azure.com';
const LOGIN = 'https://login.microsoftonline.com';
/** The same on every machine of Azure. */
const MACHINE = 'http://169.254.169.254/metadata/identity/oauth2/token';
const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Outside Azure, nobody answers at the address of the machine's identity. */
const ANSWER_MS = 5_000;
/** A token is replaced when it is about to expire. */
const EARLY_S = 300;
/** If no new token is available, the previous one is used for this long before the service is asked again. */
const AGAIN_MS = 5_000;

const TOKEN = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
type Token = z.infer<typeof TOKEN>;

interface Known {
  readonly token: Promise<Token>;
  readonly until: number;
}

export function createTokens(env: NodeJS.ProcessEnv): FindToken {
  let known: Known | null = null;
  /** The latest token, and when it expires. */
  let last: { readonly token: Token; readonly end: number } | null = null;

  async function next(): Promise<Token> {
    try {
      const token = await ask(env, last !== null);
      const now = performance.now();
      last = { token, end: now + token.expires_in * 1000 };
      known = { token: Promise.resolve(token), until: now + (token.expires_in - EARLY_S) * 1000 };
      return token;
    } catch (cause) {
      const now = performance.now();
      const isTrouble = cause instanceof ForebayError && cause.retryable;
      if (isTrouble && last !== null && now < last.end) {
        known = { token: Promise.resolve(last.token), until: Math.min(last.end, now + AGAIN_MS) };
        return last.token;
      }
      const error = isTrouble ? cause : notFound(cause);
      const failed = Promise.reject(error);
      failed.catch(() => undefined);
      known = { token: failed, until: now + (isTrouble ? TROUBLE_MS : DENIED_MS) };
      throw error;
    }
  }

  return async () => {
    if (known === null || performance.now() > known.until) known = { token: next(), until: Infinity };
    return (await known.token).access_token;
  };
}

/** `isKnown`: the service has answered before, so it exists. */
async function ask(env: NodeJS.ProcessEnv, isKnown: boolean): Promise<Token> {
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
      isKnown: true,
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
    isKnown: isApp || isKnown,
  });
}

interface Asking extends NonNullable<Parameters<typeof request>[1]> {
  /** The service is known to exist. Otherwise, no answer means that there is no such service. */
  readonly isKnown: boolean;
}

async function answer(url: string, { isKnown, ...options }: Asking): Promise<Token> {
  const { origin } = new URL(url);
  const signal = AbortSignal.timeout(ANSWER_MS);
  const { statusCode, text } = await request(url, { ...options, signal })
    .then(async (response) => ({ statusCode: response.statusCode, text: await response.body.text() }))
    .catch((error: unknown) => {
      throw isKnown ? noAnswer(origin, error, signal.aborted, ANSWER_MS) : error;
    });
  if (statusCode === 200) return parseToken(text);
  const said = `answers with status ${statusCode}${reasonIn(text)}`;
  throw isTemporary(statusCode) ? identityDown(origin, said) : new Error(`${origin} ${said}`);
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
