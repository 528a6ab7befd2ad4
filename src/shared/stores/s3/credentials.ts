/** Finds credentials for S3. Their values are in this process only, and in no log, job or queue. */
import { secretOf } from '../remote/secret-of.ts';
import { ForebayError, messageOf } from '../../errors.ts';
import type { CredentialsSource } from './s3-settings.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Rejects with ForebayError `access_denied` if there are none. */
export type FindCredentials = () => Promise<Credentials>;

/** The chain asks the network, so a failure is kept for a while. Otherwise each row would wait for it. */
const FAILURE_MS = 30_000;

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
  let failure: { readonly error: ForebayError; readonly at: number } | null = null;
  return async () => {
    if (failure !== null && performance.now() - failure.at < FAILURE_MS) throw failure.error;
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(profile === undefined ? {} : { profile }),
    );
    try {
      return await (
        await chain
      )();
    } catch (error) {
      failure = { error: notFound(profile, error), at: performance.now() };
      throw failure.error;
    }
  };
}

function notFound(profile: string | undefined, cause: unknown): ForebayError {
  const where =
    profile === undefined
      ? 'no credentials for S3 were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for all processes, or for a public bucket set "credentials": "none" in FOREBAY_STORES'
      : `the profile "${profile}" gives no credentials for S3. Check ~/.aws of the user that runs Forebay`;
  return new ForebayError('access_denied', `${where} (${messageOf(cause)})`, { cause });
}
