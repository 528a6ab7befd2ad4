/** Finds credentials for S3. Their values are in this process only, and in no log, job or queue. */
import { DENIED_MS, identityDown, TROUBLE_MS } from '../remote/identity-trouble.ts';
import { secretOf } from '../remote/secret-of.ts';
import { ForebayError, messageOf } from '../../errors.ts';
import { identityServiceDown } from './identity-service.ts';
import type { CredentialsSource } from './s3-settings.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/**
 * Rejects with ForebayError `access_denied` if there are none, and with `fetch_unavailable` if the service that gives
 * them is down.
 */
export type FindCredentials = () => Promise<Credentials>;

/** Null: requests are not signed. */
export function createCredentials(source: CredentialsSource, env: NodeJS.ProcessEnv): FindCredentials | null {
  if (source === 'none') return null;
  if (typeof source === 'object' && 'env' in source) {
    const { access_key, secret_key, session_token } = source.env;
    return async () => ({
      accessKeyId: secretOf(env, access_key),
      secretAccessKey: secretOf(env, secret_key),
      ...(session_token !== undefined && { sessionToken: secretOf(env, session_token) }),
    });
  }
  const profile = source === 'chain' ? undefined : source.profile;
  let chain: Promise<FindCredentials> | null = null;
  let failure: { readonly error: ForebayError; readonly until: number } | null = null;
  let hadSome = false;
  return async () => {
    if (failure !== null && performance.now() < failure.until) throw failure.error;
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(profile === undefined ? {} : { profile }),
    );
    try {
      const found = await (await chain)();
      hadSome = true;
      return found;
    } catch (error) {
      // The chain's error is the same whether the service of an EC2 machine is missing or down.
      const isLost = hadSome && isLastOfChain(error);
      const down = isLost
        ? identityDown('AWS', `gives none any more: ${messageOf(error)}`, error)
        : await identityServiceDown(error, env);
      failure = {
        error: down ?? notFound(profile, error),
        until: performance.now() + (down === null ? DENIED_MS : TROUBLE_MS),
      };
      throw failure.error;
    }
  };
}

function isLastOfChain(error: unknown): boolean {
  return /from any providers/.test(messageOf(error));
}

function notFound(profile: string | undefined, cause: unknown): ForebayError {
  const where =
    profile === undefined
      ? 'no credentials for S3 were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for all processes, or for a public bucket set "credentials": "none" in FOREBAY_STORES'
      : `the profile "${profile}" gives no credentials for S3. Check ~/.aws of the user that runs Forebay`;
  return new ForebayError('access_denied', `${where} (${messageOf(cause)})`, { cause });
}
