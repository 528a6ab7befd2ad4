/** Compares the service with Ray Data and Daft on the same model, files and cores. peers/README.md has the settings. */
import { readResources } from '../dist/workers/settings/resources.js';
import { sharedData } from './harness/places.js';
import { configOf, modelFolder } from './harness/model-folder.js';
import { manifest, photos, repeated } from './harness/workloads.js';
import { bigPhotos } from './peers/big-photos.js';
import { compareSides } from './peers/compare-sides.js';
import { peersPython } from './peers/python.js';
import { PEERS } from './peers/settings.js';
import { classesOf } from './peers/truth.js';

export const name = 'peers';
export const title = 'Rows per second, CPU and memory against Ray Data and Daft';
export const proves =
  'How the service compares with Ray Data and Daft in rows per second, CPU, memory and right answers.';

export async function run({ log, quick, runs }) {
  const cores = Math.max(1, Math.floor(readResources().cpus));
  const python = peersPython();
  const big = await bigPhotos();
  const sizes = [
    {
      key: 'small',
      size: '0.2 MP',
      files: photos(quick ? 200 : 1600),
      targets: { ray: { speed: 1.5 }, daft: { speed: 1.2 } },
      modes: ['fast'],
      targetMode: 'fast',
    },
    {
      key: 'big',
      size: '6-12 MP',
      files: repeated(big, quick ? 48 : 150),
      targets: { ray: { speed: 4 }, daft: { speed: 3 } },
      modes: ['fast', 'shrink'],
      targetMode: 'shrink',
    },
  ];
  const results = [];
  for (const size of sizes) results.push(await compare(size, { log, runs, python, cores }));
  return {
    rows: results.flatMap((one) => one.rows),
    charts: results.flatMap((one) => one.charts),
    notes: [
      `${cores} cores, as many sessions as cores, one intra-op thread per session. The settings are in bench/peers/settings.js.`,
      '"Once running" leaves out start-up and tail on both sides. A whole job of the service runs from submit to its last part, with the model resident. A whole job of a peer is its process from start to exit.',
      "`exact` gives Pillow's pixels, which the peers use. The targets are for fast (0.2 MP) and shrink (6-12 MP), which trade pixels for speed. The table counts the right answers of each.",
    ],
    data: Object.fromEntries(results.map((one) => [one.key, one.data])),
  };
}

async function compare({ key, size, files, targets, modes, targetMode }, context) {
  const own = ['exact', ...modes].map((decode) => {
    const label = decode === 'exact' ? 'Forebay' : `Forebay, decode: ${decode}`;
    return [decode, { label, folder: modelWith(decode) }];
  });
  const peers = Object.entries(PEERS).map(([name, { args, ...peer }]) => {
    return [name, { ...peer, args: args[key](context.cores) }];
  });
  const found = await compareSides({
    what: size,
    work: {
      lines: files,
      keys: files,
      graph: sharedData('models', 'mobilenetv2.onnx'),
      truth: classesOf(files),
    },
    dataset: manifest(`peers-${key}`, files),
    isRight: (row, expected) => row.predictions[0].index === expected,
    services: Object.fromEntries(own),
    peers: Object.fromEntries(peers),
    targets,
    targetSide: targetMode,
    context,
  });
  return { key, ...found };
}

function modelWith(decode) {
  const plain = modelFolder('mobilenetv2');
  if (decode === 'exact') return plain;
  return modelFolder('mobilenetv2', { preprocess: { ...configOf(plain).preprocess, decode } });
}
