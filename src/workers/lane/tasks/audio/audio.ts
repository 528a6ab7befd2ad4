/**
 * Takes waveforms. Answers with outputs of the graph, joined over frames, or with the best classes. See
 * docs/tasks/audio.md.
 */
import { targetBytes } from '../../../../shared/tasks/auto-batch.ts';
import { ForebayError, InvariantError, messageOf } from '../../../../shared/errors.ts';
import { CONFIG_FILE } from '../../../../shared/models/config-file.ts';
import { AUDIO, type AudioOptions } from '../../../../shared/tasks/audio.ts';
import { configOf } from '../../../../shared/tasks/model-config-schema.ts';
import { bindInputs } from '../named-tensors/bind-inputs.ts';
import type { GraphSignature, Task } from '../task.ts';
import type { Feeds } from '../tensors.ts';
import { bindStates } from './bind-states.ts';
import { bindWaveform } from './bind-waveform.ts';
import { createClassAnswerer } from './class-frames.ts';
import { createFraming } from './frames.ts';
import { createOutputAnswerer } from './output-frames.ts';
import { probeWaveforms } from './probe-waveforms.ts';
import { createWaveformReader } from './read-waveform.ts';
import { feedsOf, runFrames, type FramedRow, type FrameModel } from './run-frames.ts';
import { waveFeeds } from './wave-feeds.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

export const audio: Task = {
  id: AUDIO.id,
  bind({ config: given, graph, files }, { rowBytes }) {
    const config = configOf(AUDIO, given);
    const framing = createFraming(config.frame);
    const states = bindStates(config.state, graph);
    const input = bindWaveform(config, graph.inputs);
    const fixedBatch = fixedBatchOf([input.batchDim ?? 1, ...states.batchDims]);
    const stateNames = states.outputs.map(({ name }) => name);
    const outputs = graph.outputs.filter(({ name }) => !stateNames.includes(name));
    const answerer =
      config.answer === 'predictions'
        ? createClassAnswerer(config, outputs, files, fixedBatch)
        : createOutputAnswerer(config, outputs, fixedBatch, input.batchDim, framing.hop);
    const read = createWaveformReader(config, rowBytes);
    const model: FrameModel = {
      states: states.outputs.length > 0 ? states : null,
      constants: constantsOf(config.inputs, graph),
      fixedBatch,
      mostFrames: (length) => config.frames_per_call ?? usualFrames(length),
      frameLength: ({ samples }) => framing.length(samples.length),
      waveforms: (units) => waveFeeds(units, framing, input),
    };
    return {
      used: {
        inputs: graph.inputs,
        outputs: [...answerer.outputs, ...states.outputs],
      },
      fixedBatch,
      notes: answerer.notes,
      probeRows: () => ({
        rows: probeWaveforms(framing.hop ?? config.sample_rate).map((madeUp) => ({ madeUp })),
        what: 'silence',
      }),
      open(_rows, options) {
        const { top_k, threshold } = options as AudioOptions;
        const rows: FramedRow[] = [];
        const unitsOf = (positions: readonly number[]) =>
          positions.map((at) => ({ row: rows[at]!, frame: 0 }));
        return {
          prepare: (at, row) =>
            read(row, (samples) => {
              const frames = framing.count(samples.length);
              rows[at] = {
                samples,
                frames,
                answer: answerer.open(frames, top_k, threshold),
                states: states.initial,
                done: 0,
                outcome: null,
              };
            }),
          calls: (positions) => [positions],
          // The first frames, for trying the model.
          feeds: (positions) => feedsOf(model, unitsOf(positions)),
          answers() {
            throw new InvariantError('a row is answered only when all of its frames have run');
          },
          async run(positions, call) {
            const wanted = positions.map((at) => rows[at]!);
            await runFrames(model, wanted, call);
            return wanted.map(({ outcome }) => outcome!);
          },
          release: () => rows.splice(0),
        };
      },
      numbers: (all, rows) => answerer.numbers(all, rows),
      check(all) {
        try {
          states.take(all, fixedBatch ?? 1);
          answerer.check(all);
        } catch (error) {
          if (error instanceof ForebayError) throw error;
          throw new ForebayError('config_mismatch', messageOf(error));
        }
      },
    };
  },
};

/** Throws ForebayError `config_mismatch` if the graph has different numbers of rows in different inputs. */
function fixedBatchOf(dims: readonly (number | string)[]): number | null {
  const fixed = [...new Set(dims.filter((dim) => typeof dim === 'number'))];
  if (fixed.length <= 1) return fixed[0] ?? null;
  throw mismatch(
    'model.json gives the waveform and the state a batch axis each',
    `in the graph, these axes have ${fixed.join(' and ')} rows`,
    'correct state[].batch_axis',
  );
}

function constantsOf(
  given: Readonly<Record<string, { readonly value?: unknown }>>,
  graph: GraphSignature,
): Feeds {
  const known = graph.inputs.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  const tensors = graph.inputs.filter(({ name }) => Object.hasOwn(given, name));
  if (unknown !== undefined) {
    throw mismatch(
      `model.json gives the input "${unknown}" a value`,
      `the graph has ${known.join(', ')}`,
      'name one of them, or remove it from "inputs"',
    );
  }
  return Object.fromEntries(
    bindInputs(given, tensors, CONFIG_FILE).map(({ name, constant }) => [name, constant!]),
  );
}

/** Most frames of a call if model.json does not say. */
const MOST_FRAMES = 128;

function usualFrames(length: number): number {
  const bytes = length * Float32Array.BYTES_PER_ELEMENT;
  return Math.min(MOST_FRAMES, Math.max(1, Math.floor(targetBytes(bytes) / bytes)));
}
