/**
 * Decides which task a graph has. It first looks at `--task`, then at the files beside the graph and the metadata, then
 * at the names and shapes of inputs and outputs. If only `tensors` remains, it chooses that. If several tasks remain,
 * it asks for the flag. Pure.
 */
import { PROCESSOR_FILE } from '../../../shared/models/hugging-face/reading.ts';
import { describeAll } from '../../../shared/models/graph-tensor.ts';
import { taskOfArchitecture } from '../../../shared/models/hugging-face/heads.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import type { Hints } from '../hints.ts';
import { readUltralytics } from '../ultralytics.ts';
import { audio } from './audio/audio.ts';
import { objectDetection } from './detection/object-detection.ts';
import { mismatch, type Guesser } from './guesser.ts';
import { imageClassification } from './image/image-classification.ts';
import { imageEmbedding } from './image/image-embedding.ts';
import { imageSegmentation } from './image/image-segmentation.ts';
import { tabular } from './tabular.ts';
import { tensors } from './tensors.ts';
import { textClassification } from './text/text-classification.ts';
import { textEmbedding } from './text/text-embedding.ts';
import { tokenClassification } from './text/token-classification.ts';

/** Tasks with a meaning of their own. `tensors` fits every graph. */
const SPECIFIC: readonly Guesser[] = [
  imageClassification,
  imageEmbedding,
  objectDetection,
  imageSegmentation,
  textEmbedding,
  textClassification,
  tokenClassification,
  audio,
  tabular,
];
const ALL: readonly Guesser[] = [...SPECIFIC, tensors];

interface Chosen {
  readonly guesser: Guesser;
  readonly facts: readonly string[];
  readonly guesses: readonly string[];
}

/** Throws ForebayError `config_mismatch` if nothing decides between several tasks, or `asked` is no task. */
export function chooseGuesser(face: GraphFace, asked: string | undefined, hints: Hints): Chosen {
  if (asked !== undefined) {
    return { guesser: guesserNamed(asked), facts: [`task    "${asked}": --task says so`], guesses: [] };
  }
  const able = SPECIFIC.filter((guesser) => guesser.takesInputs(face));
  const told = toldTask(face, hints);
  const meant = able.find(({ task }) => task === told?.task);
  if (told !== null && meant !== undefined) {
    return { guesser: meant, facts: [`task    "${meant.task}": taken from ${told.from}`], guesses: [] };
  }
  const fitting = able.filter((guesser) => guesser.fits(face, hints));
  const [first, ...others] = fitting;
  if (first !== undefined && others.length === 0) {
    return { guesser: first, facts: [], guesses: [whyTask(first)] };
  }
  // Many graphs have inputs like features or waveforms, so these inputs alone do not suggest the task.
  const doubtful = first === undefined ? able.filter((one) => one !== tabular && one !== audio) : fitting;
  if (doubtful.length === 0 || lacksTokenizer(doubtful, hints)) {
    return { guesser: tensors, facts: [], guesses: [whyTensors(face, doubtful.length > 0)] };
  }
  const tasks = [...doubtful, tensors].map(({ task }) => task);
  throw mismatch(
    `${first === undefined ? 'nothing shows the task of' : 'several tasks fit'} the graph, whose inputs are ${describeAll(face.inputs)} and outputs ${describeAll(face.outputs)}${whyNotTold(told)}: say which with --task ${tasks.join('|')}`,
  );
}

function whyNotTold(told: ReturnType<typeof toldTask>): string {
  return told?.task === null ? `, and Forebay does not support the task in ${told.from}` : '';
}

/** Null if nothing says what the model is for. */
function toldTask(face: GraphFace, { beside }: Hints): { task: string | null; from: string } | null {
  const { architecture, text, hasProcessor } = beside;
  if (architecture !== null) {
    const names = [...(text === null ? [] : ['tokenizer.json']), ...(hasProcessor ? [PROCESSOR_FILE] : [])];
    const task = taskOfArchitecture(architecture, names);
    return { task, from: `config.json (architectures: ${architecture})` };
  }
  const task = readUltralytics(face)?.task;
  if (task === undefined || task === null) return null;
  return { task: ULTRALYTICS.get(task) ?? null, from: `the graph's metadata (task: ${task})` };
}

const ULTRALYTICS = new Map([
  ['detect', 'object-detection'],
  ['classify', 'image-classification'],
]);

/** Without a tokenizer, a model of texts can only be served by its tensors. */
function lacksTokenizer(able: readonly Guesser[], { beside }: Hints): boolean {
  return beside.text === null && able.includes(textEmbedding);
}

function guesserNamed(asked: string): Guesser {
  const found = ALL.find(({ task }) => task === asked);
  if (found !== undefined) return found;
  const known = ALL.map(({ task }) => task);
  const near = nearestName(asked, known);
  const hint = near === null ? '' : `did you mean "${near}"? `;
  throw mismatch(`there is no task "${asked}"; ${hint}--task is one of ${known.join(', ')}`);
}

function whyTask({ task, takes }: Guesser): string {
  return `task "${task}": ${takes}; --task chooses another one`;
}

function whyTensors(face: GraphFace, isText: boolean): string {
  const texts = isText
    ? '. The inputs are the tokens of texts: with tokenizer.json beside the graph, it can be a text model'
    : '';
  return `task "tensors": rows give the inputs ${describeAll(face.inputs)} by name and get the outputs as they are. No other task fits; --task chooses one${texts}`;
}
