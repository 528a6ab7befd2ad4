// Where the images and outputs of a chaos run are: disks, S3, or Azure. A server is reached through a proxy that can be
// cut off, slow or busy.
import { createServer, request, type Server } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { startAzuriteOnDisk } from '../support/azurite.ts';
import { startSeaweedfs } from '../support/seaweedfs.ts';
import { storesOnAzure, storesOnS3 } from '../support/stores.ts';
import { mountSmallDisk } from './full-disk.ts';

export interface Place {
  /** The place of all outputs. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** The place of an output. */
  at(...names: readonly string[]): string;
  /** Names in an output, sorted. None if it does not exist. */
  names(output: string): Promise<string[]>;
  read(output: string, name: string): Promise<Buffer>;
  /** What jobs have staged and not published, apart from what `names` shows. */
  staged(output: string): Promise<number>;
  /** Stores an image. Returns its URI for a manifest. Null: images are in the input folder. */
  readonly image: ((name: string, content: Uint8Array) => Promise<string>) | null;
  /** Input roots besides the input folder. */
  readonly inputRoots: readonly string[];
  readonly disk: ReturnType<typeof mountSmallDisk>;
  readonly store: StoreFaults | null;
  close(): Promise<void>;
}

export interface StoreFaults {
  /** Kills or stops the server, with all connections, and starts it again. */
  crash(): Promise<void>;
  /** Breaks all connections. */
  cut(): void;
  /** Delays each request. 0 ends the delay. */
  delay(ms: number): void;
  /** Whether every request is answered with 503 SlowDown. */
  throttle(busy: boolean): void;
}

export type PlaceKind = 'disk' | 's3' | 'azure';

export async function openPlace(kind: PlaceKind, folder: string): Promise<Place> {
  if (kind === 'disk') return openDisk(folder);
  return kind === 's3' ? openS3() : openAzure();
}

function openDisk(folder: string): Place {
  const disk = mountSmallDisk(folder);
  return {
    root: folder,
    env: { FOREBAY_OUTPUT_ROOTS: folder },
    at: (...names) => join(folder, ...names),
    names: async (output) => namesIn(output),
    read: async (output, name) => readFileSync(join(output, name)),
    staged: async () => 0,
    image: null,
    inputRoots: [],
    disk,
    store: null,
    close: async () => disk?.unmount(),
  };
}

async function openS3(): Promise<Place> {
  const server = await startSeaweedfs('chaos', 'photos');
  const front = await startFront(server.endpoint);
  // The checks of a run are not disturbed.
  const stores = storesOnS3(server);
  const env = { ...server.env, AWS_ENDPOINT_URL: front.endpoint };
  return openObjects('s3', { server, front, stores, env, crash: async () => server.crash() });
}

async function openAzure(): Promise<Place> {
  const server = await startAzuriteOnDisk('chaos', 'photos');
  const { origin } = new URL(server.endpoint);
  const front = await startFront(origin);
  const stores = storesOnAzure(server);
  const [variable, text] = Object.entries(server.env)[0]!;
  const env = { [variable]: text.replace(origin, front.endpoint) };
  const crash = async () => {
    front.faults.cut();
    await server.restart();
  };
  return openObjects('az', { server, front, stores, env, crash });
}

async function openObjects(
  scheme: 's3' | 'az',
  deps: {
    server: {
      put(bucket: string, name: string, content: Uint8Array): Promise<void>;
      stop(): Promise<void>;
    };
    front: Awaited<ReturnType<typeof startFront>>;
    stores: Stores;
    env: Readonly<Record<string, string>>;
    crash: () => Promise<void>;
  },
): Promise<Place> {
  const { server, front, stores } = deps;
  const root = `${scheme}://chaos/`;
  const store = await stores.writable(root);
  const { signal } = new AbortController();
  return {
    root,
    env: { ...deps.env, FOREBAY_OUTPUT_ROOTS: root },
    at: (...names) => `${root}${names.join('/')}/`,
    async names(output) {
      const names: string[] = [];
      try {
        for await (const { name, isFolder } of store.children(output, signal)) {
          // This server shows a folder for a while after its last object has gone.
          if (!isFolder) names.push(name);
        }
      } catch {
        // The server is down.
        return [];
      }
      return names.toSorted();
    },
    read: async (output, name) => Buffer.from(await store.read(output + name, { signal })),
    async staged(output) {
      let count = 0;
      for await (const _ of store.staged(output, signal)) count += 1;
      for await (const _ of store.list(`${output}_staging/`, null, signal)) count += 1;
      return count;
    },
    async image(name, content) {
      await server.put('photos', name, content);
      return `${scheme}://photos/${name}`;
    },
    inputRoots: [`${scheme}://photos/`],
    disk: null,
    store: { ...front.faults, crash: deps.crash },
    async close() {
      await stores.close();
      await front.close();
      await server.stop();
    },
  };
}

/** A proxy in front of a server. It changes no header, because requests are signed. */
async function startFront(endpoint: string) {
  let lateMs = 0;
  let busy = false;
  const target = new URL(endpoint);
  const server: Server = createServer((incoming, response) => {
    const forward = async () => {
      if (lateMs > 0) await delay(lateMs);
      if (busy) {
        incoming.resume();
        response.writeHead(503, { 'content-type': 'application/xml' });
        response.end(
          '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
        );
        return;
      }
      const { method, headers, url } = incoming;
      const outgoing = request(
        { host: target.hostname, port: target.port, method, path: url, headers, agent: false },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.on('error', () => response.destroy());
          answer.pipe(response);
        },
      );
      outgoing.on('error', () => response.destroy());
      incoming.on('error', () => outgoing.destroy());
      incoming.pipe(outgoing);
    };
    forward().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: {
      cut: () => server.closeAllConnections(),
      delay(ms: number) {
        lateMs = ms;
      },
      throttle(now: boolean) {
        busy = now;
      },
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
