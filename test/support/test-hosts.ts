// Hosts for a test: network namespaces where the system allows them, otherwise only separate folders on this machine.
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { startLoggingProxy, type LoggingProxy } from './logging-proxy.ts';

interface NetworkHost {
  readonly here: string;
  readonly address: string;
  readonly command: (argv: readonly string[]) => readonly string[];
  readonly remove: () => void;
}
interface NetworkHosts {
  readonly noNetworkHosts: () => string | null;
  readonly addNetworkHost: () => NetworkHost;
  readonly openRedis: (redis: Redis, port: number, addresses: readonly string[]) => Promise<void>;
}

const { addNetworkHost, noNetworkHosts, openRedis } = (await import(
  new URL('../../bench/cluster/network-hosts.js', import.meta.url).href
)) as NetworkHosts;

/** Null if each host has its own network, otherwise the reason. */
export const sharedNetwork: string | null = noNetworkHosts();

export interface TestHost {
  /** How the host reaches the services, and where a process on it listens. */
  readonly env: Readonly<Record<string, string>>;
  /** The command that runs a command on this host. */
  readonly command: (argv: readonly string[]) => readonly string[];
}

/** `redis`: the socket of a server. `s3`: a server on loopback. Remove the hosts after their processes have ended. */
export async function createTestHosts({ redis, s3 }: { redis: string; s3: string }) {
  const operator = new Redis(redis);
  const redisPort = await freePort();
  const links: NetworkHost[] = [];
  const proxies: LoggingProxy[] = [];

  async function addApart(): Promise<TestHost> {
    const link = addNetworkHost();
    links.push(link);
    await openRedis(
      operator,
      redisPort,
      links.map(({ here }) => here),
    );
    const proxy = await startLoggingProxy(s3, { host: link.here });
    proxies.push(proxy);
    return {
      command: link.command,
      env: {
        REDIS_URL: `redis://${link.here}:${redisPort}`,
        AWS_ENDPOINT_URL: proxy.url,
        FOREBAY_HOST: link.address,
        FOREBAY_WORKER_HOST: link.address,
        FOREBAY_AUTH: 'off',
      },
    };
  }

  return {
    add: async (): Promise<TestHost> =>
      sharedNetwork === null
        ? addApart()
        : { command: (argv) => argv, env: { REDIS_URL: `unix://${redis}`, AWS_ENDPOINT_URL: s3 } },
    async remove() {
      operator.disconnect();
      await Promise.all(proxies.map(async (proxy) => proxy.close()));
      for (const link of links) link.remove();
    },
  };
}
