/** A folder as Hugging Face's hub has it: config.json, the files of its processor or tokenizer, and exported graphs. */
import { basename } from 'node:path';
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { ForeignConfig, ForeignKind } from '../foreign-folder.ts';
import { modelNameFrom } from '../model-name.ts';
import { describeClasses } from './classes.ts';
import { bothOf, type Described } from './described.ts';
import { describeImages } from './image-settings.ts';
import type { Json } from './reading.ts';
import { describeSentenceModel } from './sentence-model.ts';
import { describeText } from './text-settings.ts';

export const huggingFace: ForeignKind = {
  mayBe: (names) => names.includes(CONFIG) && (names.includes(GRAPHS) || names.some(isGraph)),
  read,
  findGraph,
};

const CONFIG = 'config.json';
const GRAPHS = 'onnx';
const GRAPH = 'model.onnx';

async function read(files: ForeignFiles): Promise<ForeignConfig | null> {
  const config = await objectIn(files, CONFIG);
  const architecture = architectureOf(config);
  if (architecture === null && typeof config['model_type'] !== 'string') return null;
  const { task, describe } = kindOf(architecture ?? '', await files.names());
  const told = await describe(files, config);
  return {
    kind: 'Hugging Face',
    ...told,
    fields: {
      name: modelNameFrom(basename(files.dir)),
      ...(task === null ? {} : { task }),
      ...told.fields,
    },
  };
}

function architectureOf({ architectures }: Json): string | null {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  return typeof first === 'string' ? first : null;
}

const HEADS: readonly (Kind & { readonly end: string })[] = [
  {
    end: 'ForImageClassification',
    task: 'image-classification',
    describe: async (files, config) => bothOf(describeClasses(config), await describeImages(files)),
  },
  { end: 'ForSequenceClassification', task: 'text-classification', describe: classesOfTexts },
  { end: 'ForTokenClassification', task: 'token-classification', describe: classesOfTexts },
];

async function classesOfTexts(files: ForeignFiles, config: Json): Promise<Described> {
  return bothOf(await describeText(files, config), describeClasses(config));
}

async function vectorsOfTexts(files: ForeignFiles, config: Json): Promise<Described> {
  return bothOf(await describeText(files, config), VECTORS);
}

const VECTORS: Described = {
  fields: {},
  missing: new Map([['/pooling', 'no file shows how vectors become one (mean, cls, none ...)']]),
  notes: ['vectors are scaled to length 1; "normalize": false in model.json returns them as they are'],
};

interface Kind {
  readonly task: string | null;
  readonly describe: (files: ForeignFiles, config: Json) => Promise<Described>;
}

/** By the ends of the names that transformers gives its classes. */
function kindOf(architecture: string, names: readonly string[]): Kind {
  if (names.includes('modules.json')) return { task: 'text-embedding', describe: describeSentenceModel };
  const known = HEADS.find(({ end }) => architecture.endsWith(end));
  if (known !== undefined) return known;
  // A model without a head returns vectors.
  if (architecture.endsWith('Model')) {
    if (names.includes('tokenizer.json')) return { task: 'text-embedding', describe: vectorsOfTexts };
    if (names.includes('preprocessor_config.json')) {
      return {
        task: 'image-embedding',
        describe: async (files) => bothOf(await describeImages(files), VECTORS),
      };
    }
  }
  const why = `config.json names the architecture ${JSON.stringify(architecture)}, which does not show a task that Forebay knows: write the whole model.json, for example with: forebay model init`;
  return {
    task: null,
    describe: async () => ({ fields: {}, missing: new Map([['/task', why]]), notes: [] }),
  };
}

function isGraph(name: string): boolean {
  return /\.onnx$/i.test(name);
}

/** The graph of full precision, unless model.json names another one. */
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
      `there is no .onnx file, and none in onnx/; export the model, for example with: optimum-cli export onnx --model ${files.dir} OUT`,
    );
  }
  if (graphs.length === 1) return first;
  throw new Error(
    `there are several graphs, and none is called ${GRAPH}: name one in model.json, such as { "graph": "${first}" }; there are ${graphs.join(', ')}`,
  );
}
