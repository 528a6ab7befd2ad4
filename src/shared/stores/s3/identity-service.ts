/**
 * Finds out whether a service that gives credentials for S3 is down. For STS and SSO, the error of the AWS SDK's chain
 * shows that. For the service of a container (ECS, EKS), the chain hides the answer, so that service is asked again.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import type { ForebayError } from '../../errors.ts';
import { messageOf } from '../../errors.ts';
import { isTemporary } from '../../net/temporary-status.ts';
import { identityDown, isNetworkTrouble } from '../remote/identity-trouble.ts';

/** The same in every container of ECS. */
const ECS = 'http://169.254.170.2';
const ANSWER_MS = 2_000;

/** Null: it is not down, so this process has no credentials. */
export async function identityServiceDown(
  error: unknown,
  env: NodeJS.ProcessEnv,
): Promise<ForebayError | null> {
  const { $metadata, $retryable } = error as { $metadata?: { httpStatusCode?: number }; $retryable?: object };
  const status = $metadata?.httpStatusCode;
  if ($retryable !== undefined || (status !== undefined && isTemporary(status))) {
    return identityDown('AWS', `answers: ${messageOf(error)}`, error);
  }
  if (isNetworkTrouble(error)) return identityDown('AWS', `does not answer: ${messageOf(error)}`, error);
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = env;
  const place = path ? ECS + path : url;
  return place ? containerServiceDown(place, env) : null;
}

async function containerServiceDown(place: string, env: NodeJS.ProcessEnv): Promise<ForebayError | null> {
  if (!URL.canParse(place)) return null;
  const { origin } = new URL(place);
  try {
    const token = await tokenOf(env);
    const { statusCode, body } = await request(place, {
      headers: token === null ? {} : { authorization: token },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await body.dump();
    // Status 200 means that the service has recovered since the chain failed.
    const isDown = isTemporary(statusCode) || statusCode === 200;
    return isDown ? identityDown(origin, `answers with status ${statusCode}`) : null;
  } catch (cause) {
    return isNetworkTrouble(cause)
      ? identityDown(origin, `does not answer: ${messageOf(cause)}`, cause)
      : null;
  }
}

async function tokenOf(env: NodeJS.ProcessEnv): Promise<string | null> {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = env;
  return file ? (await readFile(file, 'utf8')).trim() : (token ?? null);
}
