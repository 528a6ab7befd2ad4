/**
 * `node bench/peers/try.js small|big ROWS PROGRAM "ARGS" ["ARGS" ...]`: one run of each setting of a peer, for tuning.
 * Prints a line of JSON each.
 */
import { availableParallelism } from 'node:os';
import { sharedData } from '../harness/places.js';
import { photos } from '../harness/workloads.js';
import { bigPhotos } from './big-photos.js';
import { peersPython, runPeer } from './run-peer.js';

const [kind, rows, program, ...settings] = process.argv.slice(2);
const files = kind === 'big' ? await bigPhotos() : photos(200);
const work = {
  files: Array.from({ length: Number(rows) }, (_, i) => files[i % files.length]),
  model: sharedData('models', 'mobilenetv2.onnx'),
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
