/** The variables with which the measuring process finds its credentials for stores. Its lanes do not get them. Pure. */
import type { AzureSettings } from '../../shared/stores/azure/azure-settings.ts';
import type { S3Settings } from '../../shared/stores/s3/s3-settings.ts';

/** The variables of the credential chains that all tools of AWS and Azure share. */
const CHAINS = /^(?:AWS|AZURE|IDENTITY)_/;

export function storeVariables(
  env: NodeJS.ProcessEnv,
  settings: readonly Pick<S3Settings | AzureSettings, 'credentials'>[],
): Record<string, string> {
  const named: readonly (string | undefined)[] = settings.flatMap(({ credentials }) =>
    typeof credentials === 'object' && 'env' in credentials ? Object.values(credentials.env) : [],
  );
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (CHAINS.test(name) || named.includes(name))) found[name] = value;
  }
  return found;
}
