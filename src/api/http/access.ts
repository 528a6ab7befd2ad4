/** Who is let in, decided once at the start from the settings and the keys there are. */
import { isInside } from '../../shared/files/is-inside.ts';
import type { KeyStore } from '../../shared/keys/key-store.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { isLoopback, needsKeys, type AuthSetting } from './middleware/auth-mode.ts';
import { createHostCheck, type HostCheck } from './middleware/check-host.ts';
import { createRateLimit, type RateLimit } from './middleware/rate-limit.ts';

export interface AccessControl {
  /** Absent: no key is asked for. */
  readonly keys?: KeyStore;
  /** Absent: any Host header will do. */
  readonly checkHost?: HostCheck;
  readonly rateLimit?: RateLimit;
}

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
  readonly emit: Emit;
}

/** @throws ForebayError `keys_required` where others would be let in without a key. */
export async function createAccess(options: AccessOptions): Promise<AccessControl> {
  const { host, anyKey, keys, emit, allowedHosts } = options;
  const required = await needsKeys({ setting: options.auth, host, anyKey });
  const here = isLoopback(host);
  if (!required && !here) {
    emit('keys.disabled', { host });
  }
  if (required && !(await anyKey())) {
    emit('keys.missing', {});
  }
  for (const { shared, own } of required ? overlaps(options.folders) : []) {
    emit('input_root.exposes', { inputRoot: shared, folder: own });
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
