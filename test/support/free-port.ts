// Finds a port of this machine that nothing listens on.
import { createServer, type AddressInfo } from 'node:net';
import { waitUntil } from './wait-until.ts';

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await waitUntil('a port', () => server.listening);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
