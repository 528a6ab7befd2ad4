/** Decides which task a graph has. `--task` decides, else the shapes of its inputs and outputs. Pure. */
import { ForebayError } from '../../../shared/errors.ts';
import { describeAll } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import { TASKS } from '../../../shared/tasks/task-descriptions.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import type { Guesser } from './guesser.ts';
import { imageClassification } from './image-classification.ts';
import { tabular } from './tabular.ts';
import { tensors } from './tensors.ts';

/** Tasks with a meaning of their own. `tensors` fits every graph. */
const SPECIFIC: readonly Guesser[] = [imageClassification, tabular];
const ALL: readonly Guesser[] = [...SPECIFIC, tensors];

interface Chosen {
  readonly guesser: Guesser;
  readonly facts: readonly string[];
  readonly guesses: readonly string[];
}

/** Throws ForebayError `config_mismatch` if several tasks fit, or none has the name. */
export function chooseGuesser(face: GraphFace, asked: string | undefined): Chosen {
  if (asked !== undefined) {
    return { guesser: guesserNamed(asked), facts: [`task    "${asked}": --task says so`], guesses: [] };
  }
  const [first, ...others] = SPECIFIC.filter((guesser) => guesser.fits(face));
  if (first === undefined) return { guesser: tensors, facts: [], guesses: [whyTensors(face)] };
  if (others.length === 0) return { guesser: first, facts: [], guesses: [whyTask(first)] };
  const tasks = [first, ...others, tensors].map(({ task }) => task);
  throw new ForebayError(
    'config_mismatch',
    `several tasks fit the graph, whose inputs are ${describeAll(face.inputs)} and outputs ${describeAll(face.outputs)}: say which with --task ${tasks.join('|')}`,
  );
}

function guesserNamed(asked: string): Guesser {
  const found = ALL.find(({ task }) => task === asked);
  if (found !== undefined) return found;
  const known = ALL.map(({ task }) => task);
  const refuse = (why: string) => new ForebayError('config_mismatch', why);
  if (TASKS.some(({ id }) => id === asked)) {
    throw refuse(
      `model init cannot guess the config of a model with the task "${asked}", only those of ${known.join(', ')}: serve its Hugging Face folder as it is, or write model.json by hand (docs/model-config.md)`,
    );
  }
  const near = nearestName(asked, known);
  const hint = near === null ? '' : `did you mean "${near}"? `;
  throw refuse(`there is no task "${asked}"; ${hint}--task is one of ${known.join(', ')}`);
}

function whyTask({ task, takes }: Guesser): string {
  return `task "${task}": ${takes}; --task chooses another one`;
}

function whyTensors(face: GraphFace): string {
  const others = SPECIFIC.map(({ task, takes }) => `${task} (${takes})`).join(', ');
  const isText = face.inputs.some(({ name }) => name === 'input_ids');
  const texts = isText
    ? '. The inputs are the tokens of texts: a Hugging Face folder with tokenizer.json is served as it is, without model.json'
    : '';
  return `task "tensors": rows give the inputs ${describeAll(face.inputs)} by name and get the outputs as they are. Nothing else fits: ${others}; --task chooses another one${texts}`;
}
