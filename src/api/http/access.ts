/** Decides at startup who may use the API, from the settings and the existing keys. */
import { isInside } from '../../shared/files/is-inside.ts';
import type { KeysState, KeyStore } from '../../shared/keys/key-store.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { isLoopback, needsKeys, type AuthSetting } from './middleware/auth-mode.ts';
import { createHostCheck, type HostCheck } from '../../shared/net/check-host.ts';
import { createRateLimit, type RateLimit } from './middleware/rate-limit.ts';

export interface AccessControl {
  /** Absent: requests need no key. */
  readonly keys?: KeyStore;
  /** Absent: any Host header is allowed. */
  readonly checkHost?: HostCheck;
  readonly rateLimit?: RateLimit;
}

export interface AccessOptions {
  readonly auth: AuthSetting;
  /** Address that the API is about to listen on. */
  readonly host: string;
  /** Host names to allow in addition to those of loopback. */
  readonly allowedHosts: readonly string[];
  readonly requestsPerS: number;
  /** Folders that every tenant may read, and folders with data that only one tenant may read. */
  readonly folders: { readonly shared: readonly string[]; readonly own: readonly string[] };
  readonly keys: KeyStore;
  /** Called at startup, so it may wait for Redis. */
  readonly keysState: () => Promise<KeysState>;
  readonly emit: Emit;
}

/** Rejects with ForebayError `keys_required` if the API would be open to others and there is no valid key. */
export async function createAccess(options: AccessOptions): Promise<AccessControl> {
  const { host, keysState, keys, emit, allowedHosts } = options;
  const required = await needsKeys({ setting: options.auth, host, keysState });
  const local = isLoopback(host);
  if (!required && !local) {
    emit('keys.disabled', { host });
  }
  if (required && (await keysState()) !== 'valid') {
    emit('keys.missing', {});
  }
  for (const { shared, own } of required ? overlaps(options.folders) : []) {
    emit('input_root.exposes', { inputRoot: shared, folder: own });
  }
  return {
    ...(required && { keys, rateLimit: createRateLimit(options.requestsPerS) }),
    // Beyond loopback only the operator knows all host names, and a proxy may add more.
    ...((local || allowedHosts.length > 0) && { checkHost: createHostCheck(allowedHosts) }),
  };
}

function overlaps({ shared, own }: AccessOptions['folders']): { shared: string; own: string }[] {
  return shared.flatMap((root) =>
    own
      .filter((folder) => folder !== root && isInside(folder, root))
      .map((folder) => ({ shared: root, own: folder })),
  );
}
