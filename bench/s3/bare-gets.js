/**
 * What a GET costs at least: undici alone, with signatures that were made before (`ready`), and with signing (`signed`).
 * A process of its own, because its CPU time is measured. Its argument is BareGets as JSON. It prints the microseconds
 * of CPU per GET as JSON.
 */
import { readdirSync } from 'node:fs';
import { Agent } from 'undici';
import { createSignRequest } from '../../dist/shared/stores/s3/sign-request.js';

/**
 * @typedef {object} BareGets
 * @property {string} origin of the server
 * @property {string} prefix the path of the objects on the server
 * @property {string} folder local, with files of the same names
 * @property {string} user its name is also its password
 * @property {string} region
 * @property {number} atOnce requests at the same time
 */

/** Node compiles the code of the loop meanwhile. */
const WARM_UP = 2_000;
/** SHA-256 of nothing. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** @type {BareGets} */
const { origin, prefix, folder, user, region, atOnce } = JSON.parse(process.argv[2]);
const sign = createSignRequest(region);
const credentials = { accessKeyId: user, secretAccessKey: user };
const paths = readdirSync(folder).map((name) => prefix + name);
const agent = new Agent({ connections: atOnce });
const signedBefore = paths.map(signed);
const ofReady = (at) => signedBefore[at % paths.length];
const ofSigned = (at) => signed(paths[at % paths.length]);
for (const requestAt of [ofReady, ofSigned]) await getSome(WARM_UP, requestAt);
console.log(JSON.stringify({ ready: await cpuUs(ofReady), signed: await cpuUs(ofSigned) }));
await agent.close();

function signed(path) {
  const headers = { host: new URL(origin).host, 'x-amz-content-sha256': EMPTY_SHA256 };
  const wanted = { method: 'GET', path, query: {}, headers };
  return { origin, method: 'GET', path, headers: sign(wanted, credentials, Date.now()) };
}

async function cpuUs(requestAt) {
  const before = process.cpuUsage();
  await getSome(paths.length, requestAt);
  const { user: inUser, system } = process.cpuUsage(before);
  return (inUser + system) / paths.length;
}

async function getSome(count, requestAt) {
  let next = 0;
  const one = async () => {
    while (next < count) await get(requestAt(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function get(request) {
  return new Promise((resolve, reject) => {
    agent.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_, status) {
        if (status !== 200) reject(new Error(`${request.path}: status ${status}`));
      },
      onResponseData() {},
      onResponseEnd: resolve,
      onResponseError: (_, error) => reject(error),
    });
  });
}
