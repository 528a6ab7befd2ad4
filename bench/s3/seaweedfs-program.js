/** How SeaweedFS is started as a small S3 server. The tests start theirs in the same way (test/support/seaweedfs.ts). */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../harness/free-port.js';

export const VERSION = '4.48';

/** The folder to which the tests download it. @param {string} cacheDir */
export function downloadedTo(cacheDir) {
  return join(cacheDir, `seaweedfs-${VERSION}-${process.arch}`);
}

/** All ports that it opens, except that of S3. A port that is not set is another port plus 10,000, which may be too high. */
const PORTS = [
  'master.port',
  'master.port.grpc',
  'volume.port',
  'volume.port.grpc',
  'filer.port',
  'filer.port.grpc',
  's3.port.grpc',
  'admin.port',
  'admin.port.grpc',
];

/**
 * @param {string} folder for its data
 * @param {readonly string[]} buckets that it creates
 * @returns {Promise<{ args: string[], port: number, removeSockets: () => void }>} `port`: that of S3.
 *   `removeSockets()`: call it when the server has ended
 */
export async function chooseSeaweedfs(folder, buckets) {
  const [port, ...ports] = await Promise.all(
    Array.from({ length: PORTS.length + 1 }, async () => freePort()),
  );
  return {
    args: [
      'mini',
      `-dir=${folder}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      ...PORTS.map((name, i) => `-${name}=${ports[i]}`),
      `-s3.port=${port}`,
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
      `-bucket=${buckets.join(',')}`,
      '-admin.ui=false',
      '-master.telemetry=false',
      '-webdav=false',
    ],
    port,
    removeSockets: () => removeSockets([port, ...ports]),
  };
}

const SOCKETS = '/tmp';
const SOCKET = /^seaweedfs-.*-(\d+)\.sock$/;

/** It leaves sockets in /tmp that are named after its ports. No option changes their folder. */
function removeSockets(ports) {
  for (const name of readdirSync(SOCKETS)) {
    const port = SOCKET.exec(name)?.[1];
    if (port !== undefined && ports.includes(Number(port))) rmSync(join(SOCKETS, name), { force: true });
  }
}
