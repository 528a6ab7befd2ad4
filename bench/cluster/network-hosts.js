/**
 * Hosts on one machine. Each is a network namespace of Linux that has its own loopback and one link to this machine, so
 * a process in it reaches nothing but what listens on that link. Needs root and the program `ip`.
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

/**
 * The links are numbered from 10.128.0.0 on, with 4 addresses each. The second one is this machine's, and the third one
 * the host's.
 */
const LINKS = 2 ** 21;

/** Null if this machine can have such hosts, otherwise the reason. */
export function noNetworkHosts() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'network namespaces need root on Linux';
  try {
    addNetworkHost().remove();
    return null;
  } catch (error) {
    return `no network namespaces: ${String(error.stderr ?? error).trim()}`;
  }
}

/**
 * @returns {{ here: string, address: string, command: (argv: readonly string[]) => [string, ...string[]],
 *   remove: () => void }} `here`: this machine's address on the link. `address`: the host's. `command`: a command that
 *   runs on the host. Remove the host after its processes have ended.
 */
export function addNetworkHost() {
  const link = randomInt(LINKS);
  const [here, address] = [1, 2].map((last) => {
    const offset = link * 4 + last;
    return `10.${128 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
  });
  const name = `forebay-${link.toString(36)}`;
  // The name of an interface has at most 15 characters.
  const [outer, inner] = [`fb-${link.toString(36)}-o`, `fb-${link.toString(36)}-i`];
  ip('netns', 'add', name);
  try {
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('address', 'add', `${here}/30`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'address', 'add', `${address}/30`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    ip('netns', 'delete', name);
    throw error;
  }
  return {
    here,
    address,
    command: (argv) => ['ip', 'netns', 'exec', name, ...argv],
    // The link goes with its end in the namespace.
    remove: () => ip('netns', 'delete', name),
  };
}

/**
 * Lets hosts reach a Redis that so far listens only on a socket of this machine.
 * @param {import('ioredis').Redis} redis
 * @param {number} port a free one
 * @param {readonly string[]} addresses this machine's on the links
 */
export async function openRedis(redis, port, addresses) {
  // Without a password, Redis otherwise answers only on loopback. Nothing outside this machine reaches the links.
  await redis.config('SET', 'protected-mode', 'no');
  await redis.config('SET', 'bind', addresses.join(' '));
  await redis.config('SET', 'port', String(port));
}

function ip(...args) {
  execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
