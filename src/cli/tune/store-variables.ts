/** The variables with which the measuring process finds its credentials for S3. Its lanes do not get them. Pure. */
import type { S3Settings } from '../../shared/stores/s3/s3-settings.ts';

export function storeVariables(
  env: NodeJS.ProcessEnv,
  settings: readonly Pick<S3Settings, 'credentials'>[],
): Record<string, string> {
  const named = settings.flatMap(({ credentials }) =>
    typeof credentials === 'object' && 'env' in credentials ? Object.values(credentials.env) : [],
  );
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (name.startsWith('AWS_') || named.includes(name))) found[name] = value;
  }
  return found;
}
