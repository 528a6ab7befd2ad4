/** Guesses the config of a model that takes waveforms. Pure. */
import {
  classesOf,
  describeAll,
  describeTensor,
  isFloat,
  rankOf,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { taskOfArchitecture } from '../../../../shared/models/hugging-face/heads.ts';
import { isAttentionMask } from '../../../../shared/tasks/audio/attention-mask.ts';
import type { Hints } from '../../hints.ts';
import { chooseActivation } from '../choose-activation.ts';
import { fittingLabels } from '../chosen-labels.ts';
import { chosenOutput } from '../chosen-output.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from '../guesser.ts';
import { findBatch } from '../find-batch.ts';
import { findStates } from './find-states.ts';

export const audio: Guesser = {
  task: 'audio',
  takes: 'an input with the name of a waveform, or beside an input for the sample rate',
  takesInputs: (face) => partsOf(face).wave !== undefined,
  fits: ({ inputs }) => inputs.some(isRate) || inputs.some(({ name }) => WAVE.test(name)),
  guess,
};

const WAVE = /^(input_values|audio|waveform|wave|wav|speech|sound|pcm|samples)(_|$|s$)/i;
const RATE = /^(sr|sample_?rate|sampling_?rate)$/i;

const isRate = ({ name, shape }: GraphTensor) => RATE.test(name) && shape.every((dim) => dim === 1);

/** Whether the tensor has the type and shape of a waveform with one channel. */
function isWave({ type, shape }: GraphTensor): boolean {
  if (type !== 'float32' && type !== 'float16') return false;
  return shape.length === 2 || (shape.length === 3 && (shape[1] === 1) !== (shape[2] === 1));
}

function partsOf(face: GraphFace) {
  const states = findStates(face);
  const mask = face.inputs.find(isAttentionMask);
  const isOther = (one: GraphTensor) =>
    one === mask || isRate(one) || states.some(({ input }) => input === one.name);
  const rest = face.inputs.filter((one) => !isOther(one));
  const [wave, ...others] = rest;
  const isKnown = wave !== undefined && others.length === 0 && isWave(wave);
  return { wave: isKnown ? wave : undefined, states, mask, rate: face.inputs.find(isRate) };
}

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const { wave, states, mask, rate } = partsOf(face);
  if (wave === undefined) {
    throw mismatch(
      `a waveform is one input [N,T], [N,T,1] or [N,1,T] of floats; this graph has ${describeAll(face.inputs)}`,
    );
  }
  const facts = [`inputs  ${describeAll(face.inputs)}`, `outputs ${describeAll(face.outputs)}`];
  const guesses: string[] = [];
  const sampleRate = sampleRateOf(hints, facts);
  if (mask !== undefined) facts.push(`"${mask.name}" gets 1 for each sample, and 0 for padding`);
  const normalize = normalizeOf(hints, facts, guesses);
  const batch = findBatch([wave], face.outputs);
  const config = {
    name,
    task: 'audio',
    sample_rate: sampleRate,
    ...frameOf(wave, states.length > 0, hints, guesses),
    ...(face.inputs.length > 1 ? { input: wave.name } : {}),
    ...normalize,
    ...(rate === undefined ? {} : { inputs: { [rate.name]: { value: sampleRate } } }),
    ...(states.length === 0
      ? {}
      : {
          state: states.map(({ input, output, tensor }) => ({
            input,
            output,
            batch_axis: batch.axisOf(tensor) ?? onlyFreeAxis(tensor),
          })),
        }),
    ...answerOf(face, hints, facts, guesses),
    batching: BATCHING,
  };
  for (const { input, output } of states)
    guesses.push(`state: "${output}" becomes "${input}" of the next frame`);
  return { config, facts, guesses };
}

/** The batch axis of a state whose dimensions have no names. Null unless exactly one axis is free. */
function onlyFreeAxis({ shape }: GraphTensor): number | null {
  const free = shape.flatMap((dim, axis) => (typeof dim === 'string' ? [axis] : []));
  return free.length === 1 ? free[0]! : null;
}

/** Throws ForebayError `config_mismatch` if neither the flag nor a file says it. */
function sampleRateOf({ sampleRate, beside: { sound } }: Hints, facts: string[]): number {
  const fact = (rate: number, why: string) => {
    facts.push(`sample_rate ${rate}: ${why}`);
    return rate;
  };
  if (sampleRate !== undefined) return fact(sampleRate, '--sample-rate says so');
  if (typeof sound?.sampleRate === 'number')
    return fact(sound.sampleRate, 'taken from preprocessor_config.json (sampling_rate)');
  throw mismatch(
    'nothing says which sample rate the model was trained with: pass --sample-rate HZ, such as --sample-rate 16000',
  );
}

function normalizeOf({ beside: { sound } }: Hints, facts: string[], guesses: string[]): object {
  if (sound?.normalize === true) {
    facts.push('normalize "unit_variance": taken from preprocessor_config.json (do_normalize)');
    return { normalize: 'unit_variance' };
  }
  if (sound === null || sound.normalize === null) {
    guesses.push(
      'normalize: none; if the training code moved waveforms to mean 0 and variance 1, set it to "unit_variance"',
    );
  }
  return {};
}

/** Throws ForebayError `config_mismatch` if the model has a state and nothing says how long its frames are. */
function frameOf(wave: GraphTensor, hasState: boolean, { shapes }: Hints, guesses: string[]): object {
  const { name, shape } = wave;
  const asked = shapes.get(name)?.find((size) => size > 1);
  const time = asked ?? (shape.length === 3 && shape[1] === 1 ? shape[2] : shape[1]);
  if (typeof time !== 'number') {
    if (hasState) {
      throw mismatch(
        `the model carries a state from frame to frame, and its input ${describeTensor(wave)} does not say how long a frame is: pass --shape ${name}=SAMPLES`,
      );
    }
    guesses.push(
      'frame: none, so the model gets each waveform whole; set "frame" if it was trained on pieces',
    );
    return {};
  }
  guesses.push(
    `frame: ${time} samples, one after the other. If the training code overlaps them, set frame.context or frame.hop`,
  );
  return { frame: { length: time } };
}

/** Class scores if config.json names a classifier, or if there are labels for them. Else the outputs as they are. */
function answerOf(face: GraphFace, hints: Hints, facts: string[], guesses: string[]): object {
  const count = hints.labels?.names.length;
  const isLabelled = ({ shape }: GraphTensor) => shape.length === 2 && classesOf(shape) === count;
  const isClassifier = taskOfArchitecture(hints.beside.architecture ?? '', []) === 'audio';
  const scores = isClassifier ? classOutput(face, isLabelled, hints) : face.outputs.find(isLabelled);
  if (scores === undefined) {
    facts.push('answer  the outputs as they are, one value per frame ("outputs" and "join" change it)');
    return { answer: 'outputs' };
  }
  const labels = fittingLabels(hints, classesOf(scores.shape), guesses);
  const activation = chooseActivation(face, scores, labels !== null, hints);
  facts.push(`answer  classes: the scores of ${describeTensor(scores)}`, ...activation.facts);
  guesses.push(...activation.guesses);
  return {
    answer: 'predictions',
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: scores.name } : {}),
    activation: activation.value,
  };
}

/** Throws ForebayError `config_mismatch` if a flag must name the output. */
function classOutput(
  { outputs }: GraphFace,
  isLabelled: (output: GraphTensor) => boolean,
  hints: Hints,
): GraphTensor {
  return chosenOutput(hints, {
    outputs,
    fits: (output) => isFloat(output) && rankOf(output) === 2,
    prefers: [isLabelled, ({ name }) => /logit/i.test(name)],
    what: 'a classifier of sounds has an output [batch, classes] of floats',
    holds: 'the class scores',
  });
}
