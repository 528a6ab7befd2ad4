/** The graph's input for the waveform. Throws ForebayError `config_mismatch`, which quotes config and graph. Pure. */
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { AudioConfig } from '../../../../shared/tasks/audio.ts';
import { isAttentionMask } from '../../../../shared/tasks/audio/attention-mask.ts';
import type { AudioLayout } from '../../../../shared/tasks/audio/audio-config.ts';
import { mismatch, noSuchTensor } from '../../../../shared/models/mismatch.ts';
import { counted } from '../../../../shared/text/counted.ts';

export interface WaveformInput {
  readonly tensor: GraphTensor;
  readonly isHalf: boolean;
  /** The graph's input for the mask of the samples. Null if it has none, or if model.json gives it a value. */
  readonly mask: GraphTensor | null;
  /** The dimensions of a call. */
  dims(frames: number, length: number): readonly number[];
  /** The graph's batch dimension. A symbolic one is a string. Null: there is none, so a call has one frame. */
  readonly batchDim: number | string | null;
}

type Config = Pick<AudioConfig, 'input' | 'layout' | 'frame' | 'inputs' | 'state'>;

const RANKS: Readonly<Record<AudioLayout, number>> = { t: 1, nt: 2, nt1: 3, n1t: 3 };

export function bindWaveform(config: Config, inputs: readonly GraphTensor[]): WaveformInput {
  const free = freeInputs(config, inputs);
  const mask =
    free.length > 1 ? free.find((one) => isAttentionMask(one) && one.name !== config.input) : undefined;
  const rest = free.filter((one) => one !== mask);
  const tensor = waveformOf(config, inputs, rest);
  if (tensor.type !== 'float32' && tensor.type !== 'float16') {
    throw mismatch(
      'a waveform is float32 or float16',
      `the graph's input is ${describeTensor(tensor)}`,
      'name another input as "input", or export the model with float32',
    );
  }
  const layout = layoutOf(config.layout, tensor);
  const { shape } = tensor;
  const channels = layout === 'nt1' ? shape[2] : layout === 'n1t' ? shape[1] : 1;
  if (typeof channels === 'number' && channels !== 1) {
    throw mismatch(
      `the layout "${layout}" has one channel`,
      `the graph's input is ${describeTensor(tensor)}`,
      'correct "layout", or use the task "tensors" for a model of several channels',
    );
  }
  checkTime(config, tensor, shape[layout === 't' ? 0 : layout === 'n1t' ? 2 : 1]!);
  return {
    tensor,
    isHalf: tensor.type === 'float16',
    mask: mask ?? null,
    dims: (frames, length) => DIMS[layout](frames, length),
    batchDim: layout === 't' ? null : shape[0]!,
  };
}

const DIMS: Readonly<Record<AudioLayout, (n: number, t: number) => readonly number[]>> = {
  t: (_, t) => [t],
  nt: (n, t) => [n, t],
  nt1: (n, t) => [n, t, 1],
  n1t: (n, t) => [n, 1, t],
};

/** Inputs that are neither states nor constants. */
function freeInputs({ inputs: constants, state }: Config, inputs: readonly GraphTensor[]): GraphTensor[] {
  const states = state.map((one) => one.input);
  return inputs.filter(({ name }) => !Object.hasOwn(constants, name) && !states.includes(name));
}

/** `rest`: the inputs that may take the waveform. There must be exactly one. */
function waveformOf(
  { input, inputs: constants }: Config,
  inputs: readonly GraphTensor[],
  rest: readonly GraphTensor[],
): GraphTensor {
  if (input === undefined && rest.length === 1) return rest[0]!;
  if (input === undefined) {
    if (rest.length === 0) {
      throw mismatch(
        'model.json lists every input of the graph under "inputs" or "state"',
        `the waveform needs one, and the graph has ${describeAll(inputs)}`,
        `remove one from "inputs" or "state"`,
      );
    }
    throw mismatch(
      'nothing in model.json says which input takes the waveform',
      `it may be ${describeAll(rest)}`,
      `name it with "input", and give each other input a value under "inputs" or name it in "state"`,
    );
  }
  const found = rest.find(({ name }) => name === input);
  if (found === undefined && inputs.some(({ name }) => name === input)) {
    const where = Object.hasOwn(constants, input) ? 'inputs' : 'state';
    throw mismatch(
      `model.json names "${input}" as the input of the waveform`,
      `it also has it under "${where}"`,
      'remove it there',
    );
  }
  if (found === undefined) {
    throw noSuchTensor(`model.json names the input "${input}"`, input, inputs);
  }
  const [other] = rest.filter((one) => one !== found);
  if (other === undefined) return found;
  throw mismatch(
    `model.json says nothing about the input "${other.name}"`,
    `the graph has ${describeTensor(other)}`,
    `give it a value under "inputs", or name it in "state"`,
  );
}

function layoutOf(given: AudioLayout | undefined, tensor: GraphTensor): AudioLayout {
  const rank = tensor.shape.length;
  if (given !== undefined) {
    if (RANKS[given] === rank) return given;
    throw mismatch(
      `the layout "${given}" in model.json has ${RANKS[given]} axes`,
      `the graph's input is ${describeTensor(tensor)}`,
      'choose a layout of as many axes, or leave it out',
    );
  }
  if (rank === 1) return 't';
  if (rank === 2) return 'nt';
  const [, second, third] = tensor.shape;
  if (rank === 3 && (second === 1) !== (third === 1)) return second === 1 ? 'n1t' : 'nt1';
  throw mismatch(
    'a waveform is [N,T], [N,T,1], [N,1,T] or [T]',
    `the graph's input is ${describeTensor(tensor)}`,
    rank === 3 ? 'set "layout" to "nt1" or "n1t" in model.json' : 'use the task "tensors"',
  );
}

function checkTime({ frame }: Config, tensor: GraphTensor, time: number | string): void {
  if (typeof time !== 'number' || frame?.length === time) return;
  const says =
    frame === undefined ? 'does not say how a waveform is cut' : `says frame.length ${frame.length}`;
  throw mismatch(
    `model.json ${says}`,
    `the graph's input ${describeTensor(tensor)} takes ${counted(time, 'sample')}`,
    `set frame.length to ${time}`,
  );
}
