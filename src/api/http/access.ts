/** Who is let in, decided once at the start from the settings and the keys there are. */
import { isInside } from '../../shared/files/is-inside.ts';
import type { KeyStore } from '../../shared/keys/key-store.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { ApiDeps } from './api-deps.ts';
import { isLoopback, needsKeys, type AuthSetting } from './middleware/auth-mode.ts';
import { createHostCheck } from './middleware/check-host.ts';
import { createRateLimit } from './middleware/rate-limit.ts';

export interface AccessOptions {
  readonly auth: AuthSetting;
  /** Address that the API is about to listen on. */
  readonly host: string;
  /** Names beside those of loopback. */
  readonly allowedHosts: readonly string[];
  readonly requestsPerS: number;
  /** Folders that every tenant may read, and those that hold what only one may. */
  readonly folders: { readonly shared: readonly string[]; readonly own: readonly string[] };
  readonly keys: KeyStore;
  /** Asked at the start, when it is better to wait for Redis than to fail. */
  readonly anyKey: () => Promise<boolean>;
  readonly log: Logger;
}

/** @throws ForebayError `keys_required` where others would be let in without a key. */
export async function createAccess(options: AccessOptions): Promise<NonNullable<ApiDeps['access']>> {
  const { host, anyKey, keys, log, allowedHosts } = options;
  const required = await needsKeys({ setting: options.auth, host, anyKey });
  const here = isLoopback(host);
  if (!required && !here) {
    log.warn({ host }, 'API keys are switched off: whoever reaches this address may do anything here');
  }
  if (required && !(await anyKey())) {
    log.warn({}, 'every request needs an API key and there is none yet: make one with forebay keys create');
  }
  for (const { shared, own } of required ? overlaps(options.folders) : []) {
    log.warn(
      { inputRoot: shared, folder: own },
      'an input root lies in the data folder or in an output root: every tenant may read what is written there',
    );
  }
  return {
    ...(required && { keys, rateLimit: createRateLimit(options.requestsPerS) }),
    // Beyond loopback the operator alone knows the names; a proxy may add any.
    ...((here || allowedHosts.length > 0) && { checkHost: createHostCheck(allowedHosts) }),
  };
}

function overlaps({ shared, own }: AccessOptions['folders']): { shared: string; own: string }[] {
  return shared.flatMap((root) =>
    own
      .filter((folder) => folder !== root && isInside(folder, root))
      .map((folder) => ({ shared: root, own: folder })),
  );
}
