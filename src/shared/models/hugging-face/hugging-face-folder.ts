/** A folder as Hugging Face's hub has it: config.json, the files of its processor or tokenizer, and exported graphs. */
import { basename } from 'node:path';
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { ForeignConfig, ForeignKind } from '../foreign-folder.ts';
import { modelNameFrom } from '../model-name.ts';
import { describeClasses } from './classes.ts';
import type { Described } from './described.ts';
import { describeImageClassifier } from './image-classifier.ts';
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
  const { task, describe } = kindOf(architecture ?? '', (await files.names()).includes('modules.json'));
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

interface Kind {
  readonly task: string | null;
  readonly describe: (files: ForeignFiles, config: Json) => Promise<Described>;
}

/** By the ends of the names that transformers gives its classes. */
function kindOf(architecture: string, isSentenceModel: boolean): Kind {
  if (isSentenceModel) return { task: 'text-embedding', describe: describeSentenceModel };
  if (architecture.endsWith('ForImageClassification')) {
    return { task: 'image-classification', describe: describeImageClassifier };
  }
  if (architecture.endsWith('ForSequenceClassification')) {
    return { task: 'text-classification', describe: classifierOfTexts };
  }
  if (architecture.endsWith('ForTokenClassification')) {
    return { task: 'token-classification', describe: classifierOfTexts };
  }
  const why = `config.json names the architecture ${JSON.stringify(architecture)}, which does not show a task that Forebay knows: write the whole model.json, for example with: forebay model init`;
  return {
    task: null,
    describe: async () => ({ fields: {}, missing: new Map([['/task', why]]), notes: [] }),
  };
}

async function classifierOfTexts(files: ForeignFiles, config: Json): Promise<Described> {
  const texts = await describeText(files, config);
  const classes = describeClasses(config);
  return {
    fields: { ...texts.fields, ...classes.fields },
    missing: new Map([...texts.missing, ...classes.missing]),
    notes: [...texts.notes, ...classes.notes],
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
