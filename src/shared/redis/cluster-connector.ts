/**
 * Connects to the node of a Redis cluster that holds Forebay's keys. All of them are in one hash slot (queue/key-prefix.ts),
 * so one connection to one server is enough, and scripts can use all keys. After a failover, the next connection finds the
 * new primary.
 */
import type { RedisOptions } from 'ioredis';
import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { failedConnection } from './failed-connection.ts';
import { AbstractConnector, Redis } from './ioredis.ts';
import { tlsFor } from './tls-for.ts';

interface Server {
  readonly host: string;
  readonly port: number;
}

interface SlotOwner {
  readonly owner: Server;
  /** All nodes of the cluster, the owner included. */
  readonly nodes: readonly Server[];
}

/** How long a node may take to say who holds the slot. */
const PATIENCE_MS = 2000;

/**
 * `key`: any key of the slot. `login`: user, password and TLS of every node.
 * @returns the value of the option `Connector` of ioredis
 */
export function clusterConnector(
  seeds: readonly Server[],
  key: string,
  login: Pick<RedisOptions, 'username' | 'password' | 'tls'>,
): NonNullable<RedisOptions['Connector']> {
  /**
   * The seeds may be gone after some time, so other nodes are asked, too. Those asked last time come last, because a
   * node that has lost contact with the others still names the old primary.
   */
  let known: readonly Server[] = seeds;

  async function ask(server: Server): Promise<SlotOwner> {
    const client = new Redis({
      ...server,
      ...login,
      ...(login.tls && { tls: tlsFor(server.host, login.tls) }),
      lazyConnect: true,
      connectTimeout: PATIENCE_MS,
      commandTimeout: PATIENCE_MS,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
    });
    /** Explains more than the error of a command that failed because the connection ended. */
    let refusal: Error | null = null;
    client.on('error', (error: Error) => (refusal = error));
    try {
      await client.connect();
      const slot = Number(await client.call('CLUSTER', 'KEYSLOT', key));
      return ownerOf(await client.call('CLUSTER', 'SLOTS'), slot, server);
    } catch (error) {
      throw refusal ?? error;
    } finally {
      client.disconnect();
    }
  }

  return class ClusterConnector extends AbstractConnector {
    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout ?? PATIENCE_MS);
    }

    override async connect() {
      this.connecting = true;
      let reason: unknown;
      const asked = new Set<string>();
      for (const server of known) {
        asked.add(nameOf(server));
        try {
          const { owner, nodes } = await ask(server);
          const { host, port } = owner;
          const all = distinct([...nodes, ...seeds]);
          known = [
            ...all.filter((one) => !asked.has(nameOf(one))),
            ...all.filter((one) => asked.has(nameOf(one))),
          ];
          if (!this.connecting) break;
          this.stream = login.tls
            ? connectTls({ ...tlsFor(host, login.tls), host, port })
            : createConnection({ host, port });
          this.stream.once('error', (error) => (this.firstError = error));
          return this.stream;
        } catch (error) {
          reason = error;
        }
      }
      this.firstError = reason as Error;
      return failedConnection();
    }
  };
}

/** Replies of CLUSTER SLOTS: `[first, last, [host, port, ...], replicas...]`. A node may leave out its own host. */
export function ownerOf(reply: unknown, slot: number, asked: Server): SlotOwner {
  const ranges = reply as [number, number, [string | null, number], ...[string | null, number][]][];
  const serverOf = ([host, port]: [string | null, number]): Server => ({ host: host || asked.host, port });
  const range = ranges.find(([first, last]) => slot >= first && slot <= last);
  if (range === undefined) throw new Error(`CLUSTERDOWN No node of the cluster holds the hash slot ${slot}`);
  const nodes = ranges.flatMap(([, , ...servers]) => servers.map(serverOf));
  return { owner: serverOf(range[2]), nodes };
}

function distinct(servers: readonly Server[]): Server[] {
  return [...new Map(servers.map((one) => [nameOf(one), one])).values()];
}

function nameOf({ host, port }: Server): string {
  return `${host} ${port}`;
}
