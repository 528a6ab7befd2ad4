/**
 * Runs a peer once with each of the given settings, to tune it. Prints a line of JSON per run.
 * Usage: node bench/peers/try.js small|big ROWS PROGRAM "ARGS" ["ARGS" ...]
 */
import { availableParallelism } from 'node:os';
import { sharedData } from '../harness/places.js';
import { photos, repeated } from '../harness/workloads.js';
import { bigPhotos } from './big-photos.js';
import { peersPython } from './python.js';
import { runPeer } from './run-peer.js';

const [kind, rows, program, ...settings] = process.argv.slice(2);
const files = kind === 'big' ? await bigPhotos() : photos(200);
const paths = repeated(files, Number(rows));
const work = {
  lines: paths,
  keys: paths,
  graph: sharedData('models', 'mobilenetv2.onnx'),
  truth: {},
};
for (const setting of settings) {
  const args = setting.split(' ').filter((word) => word !== '');
  const outcome = await runPeer(peersPython(), program, args, work, availableParallelism()).catch(
    (error) => ({
      failed: String(error),
    }),
  );
  console.log(JSON.stringify({ program, kind, setting, ...outcome }));
}
