/** Removes the sockets that SeaweedFS leaves behind. It has no option for their folder, and takes /tmp in any case. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = '/tmp';
const SOCKET = /^seaweedfs-.*-(\d+)\.sock$/;

/**
 * @param {readonly number[]} ports all ports of a server that has ended. The sockets are named for them
 */
export function removeSockets(ports) {
  for (const name of readdirSync(FOLDER)) {
    const port = SOCKET.exec(name)?.[1];
    if (port !== undefined && ports.includes(Number(port))) rmSync(join(FOLDER, name), { force: true });
  }
}
