/** A folder as Hugging Face's hub has it: config.json, the files of its processor or tokenizer, and exported graphs. */
import { basename } from 'node:path';
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { ForeignConfig, ForeignKind } from '../foreign-folder.ts';
import { modelNameFrom } from '../model-name.ts';
import { describeClasses } from './classes.ts';
import { bothOf, withoutTask, type Described } from './described.ts';
import { describeDetections, describeSegments } from './detection-settings.ts';
import { architectureOf, taskOfArchitecture } from './heads.ts';
import { describeImages } from './image-settings.ts';
import type { Json } from './reading.ts';
import { describeSentenceModel } from './sentence-model.ts';
import { classesOfSounds, refuseSounds } from './sound-settings.ts';
import { describeText } from './text-settings.ts';
import { describeTimm, isTimm, timmClasses } from './timm-settings.ts';

const CONFIG = 'config.json';

export const huggingFace: ForeignKind = {
  configFile: CONFIG,
  mayBe: (names) => names.includes(CONFIG) && (names.includes(GRAPHS) || names.some(isGraph)),
  read,
  findGraph,
};

const GRAPHS = 'onnx';
const GRAPH = 'model.onnx';

async function read(files: ForeignFiles): Promise<ForeignConfig | null> {
  const config = await objectIn(files, CONFIG);
  const architecture = architectureOf(config);
  const hasTimm = isTimm(config);
  if (!hasTimm && architecture === null && typeof config['model_type'] !== 'string') return null;
  const { task, describe } = hasTimm ? timmKind(config) : kindOf(architecture ?? '', await files.names());
  const { fields, missing, unlessGiven = new Map(), notes } = await describe(files, config);
  return {
    kind: 'Hugging Face',
    fields: {
      name: modelNameFrom(basename(files.dir)),
      ...(task === null ? {} : { task }),
      ...fields,
    },
    missing,
    unlessGiven,
    notes,
  };
}

type Describe = (files: ForeignFiles, config: Json) => Promise<Described>;

const DESCRIBE: ReadonlyMap<string, Describe> = new Map([
  ['image-classification', ofImages(describeClasses)],
  ['object-detection', ofImages(describeDetections)],
  ['image-segmentation', ofImages(describeSegments)],
  ['image-embedding', ofImages(() => VECTORS)],
  ['text-classification', classesOfTexts],
  ['token-classification', classesOfTexts],
  ['text-embedding', vectorsOfTexts],
  ['audio', classesOfSounds],
]);

function ofImages(describe: (config: Json) => Described): Describe {
  return async (files, config) => bothOf(describe(config), await describeImages(files));
}

async function classesOfTexts(files: ForeignFiles, config: Json): Promise<Described> {
  return bothOf(await describeText(files, config), describeClasses(config));
}

async function vectorsOfTexts(files: ForeignFiles, config: Json): Promise<Described> {
  const both = bothOf(await describeText(files, config), VECTORS);
  return architectureOf(config) === 'ClapModel' ? { ...both, missing: withClapReason(both.missing) } : both;
}

function withClapReason(missing: Described['missing']): Described['missing'] {
  return new Map([...missing, ['/pooling', CLAP]]);
}

const VECTORS: Described = {
  fields: {},
  missing: new Map([['/pooling', 'no file shows how several vectors become one (mean, cls, none ...)']]),
  unlessGiven: new Map([
    [
      '/normalize',
      'vectors are scaled to length 1; "normalize": false in model.json returns them as they are',
    ],
  ]),
  notes: [],
};

const CLAP =
  'ClapModel compares texts with spectrograms of sounds, which Forebay does not compute. To serve its texts alone, name their graph, such as { "graph": "onnx/text_model.onnx", "pooling": "none" }';

interface Kind {
  readonly task: string | null;
  readonly describe: Describe;
}

/** timm has no other file for pixels. */
function timmKind(config: Json): Kind {
  const isClassifier = timmClasses(config) !== 0;
  return {
    task: isClassifier ? 'image-classification' : 'image-embedding',
    describe: async () => {
      const timm = describeTimm(config);
      return isClassifier ? timm : bothOf(VECTORS, timm);
    },
  };
}

function kindOf(architecture: string, names: readonly string[]): Kind {
  if (names.includes('modules.json')) return { task: 'text-embedding', describe: describeSentenceModel };
  const task = taskOfArchitecture(architecture, names);
  if (task !== null) return { task, describe: DESCRIBE.get(task)! };
  const says =
    architecture === ''
      ? 'config.json names no architecture (architectures), so nothing shows the task'
      : `config.json names the architecture ${JSON.stringify(architecture)}, which does not show a task that Forebay knows`;
  const why = `${says}. Write the whole model.json, for example with: forebay model init`;
  return {
    task: null,
    describe: async (files) => (await refuseSounds(architecture, files)) ?? withoutTask(why),
  };
}

function isGraph(name: string): boolean {
  return /\.onnx$/i.test(name);
}

/** The graph `model.onnx`, which has full precision, or else the only graph. */
async function findGraph(files: ForeignFiles): Promise<string> {
  const below = await files.names(GRAPHS);
  const graphs = [
    ...(await files.names()).filter(isGraph),
    ...below.filter(isGraph).map((name) => `${GRAPHS}/${name}`),
  ];
  const usual = [GRAPH, `${GRAPHS}/${GRAPH}`].find((name) => graphs.includes(name));
  if (usual !== undefined) return usual;
  const [first] = graphs;
  if (first === undefined) {
    throw new Error(
      `there is no .onnx file in the folder or in onnx/. Export the model, for example with: optimum-cli export onnx --model ${files.dir} OUT`,
    );
  }
  if (graphs.length === 1) return first;
  throw new Error(
    `there are several graphs, and none is called ${GRAPH}: name one in model.json, such as { "graph": "${first}" }. The graphs are ${graphs.join(', ')}`,
  );
}
