/** Takes waveforms. Answers with the outputs of the graph, joined over frames, or with the best classes. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import { AUDIO_SHAPE, type AudioConfigFields } from './audio/audio-config.ts';
import { labelsFile } from './classes/labels.ts';
import { PREDICTIONS, USUAL_TOP_K } from './classes/predictions.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';
import { ANSWERED_TENSORS } from './tensors/answered-tensors.ts';

export interface AudioConfig extends ModelConfig, AudioConfigFields {}

export type AudioOptions = TaskOptions<'top_k' | 'threshold'>;

export const AUDIO: TaskDescription<AudioConfig> = {
  id: 'audio',
  input: 'audio',
  config: AUDIO_SHAPE,
  options: ['top_k', 'threshold'],
  result: { outputs: ANSWERED_TENSORS.optional(), predictions: PREDICTIONS.optional() },
  resultOf,
  contradictions,
  fields: () => ({ names: ['audio', 'samples', 'sample_rate'], needed: [], text: ['audio'] }),
  files: labelsFile,
  defaults: (config) => ({ top_k: config?.top_k ?? USUAL_TOP_K, threshold: config?.threshold ?? null }),
  inputBytes: ({ sample_rate, row_seconds }) =>
    Math.ceil(sample_rate * row_seconds) * Float32Array.BYTES_PER_ELEMENT,
  steps: (config, options) => ({
    prepare: [
      { operator: 'decode', does: 'WAV, FLAC or samples to one channel' },
      ...(config === null ? [] : [{ operator: 'resample', does: `to ${config.sample_rate} Hz` }]),
      ...(config?.frame === undefined ? [] : [{ operator: 'frame', does: describeFrames(config.frame) }]),
    ],
    answer: describeAnswer(config, (options as AudioOptions).top_k),
  }),
};

function resultOf({ answer, outputs }: AudioConfig): z.ZodRawShape {
  if (answer === 'predictions') return { predictions: PREDICTIONS };
  if (outputs === undefined) return { outputs: ANSWERED_TENSORS };
  return { outputs: z.object(Object.fromEntries(Object.keys(outputs).map((name) => [name, z.unknown()]))) };
}

/** Fields that apply to only one of the two answers. */
const ONLY_FOR: Readonly<Record<AudioConfig['answer'], readonly string[]>> = {
  outputs: ['outputs'],
  predictions: ['over_frames', 'labels', 'output', 'activation', 'top_k', 'threshold'],
};

function contradictions(raw: Readonly<Record<string, unknown>>): Issue[] {
  const answer = (raw['answer'] ?? 'outputs') as AudioConfig['answer'];
  const other = answer === 'outputs' ? 'predictions' : 'outputs';
  const issues: Issue[] = ONLY_FOR[other]
    .filter((field) => raw[field] !== undefined)
    .map((field) => ({
      path: `/${field}`,
      message: `has no use with the answer "${answer}": set "answer": "${other}", or leave it out`,
    }));
  const states = raw['state'] as readonly unknown[] | undefined;
  if (states !== undefined && states.length > 0 && raw['frame'] === undefined) {
    issues.push({ path: '/frame', message: 'is missing: state is carried from frame to frame' });
  }
  return issues;
}

function describeFrames({ length, context, hop }: NonNullable<AudioConfig['frame']>): string {
  const before = context === 0 ? '' : `, ${context} of them from before`;
  return `${length} samples${before}, every ${hop ?? length - context}`;
}

function describeAnswer(config: AudioConfig | null, topK: number): string {
  if (config === null) return `outputs of the graph, or top ${topK} of a classifier`;
  if (config.answer === 'predictions') return `${config.over_frames} over frames, top ${topK}`;
  if (config.outputs === undefined) return 'all outputs of the graph, per frame';
  return Object.entries(config.outputs)
    .map(([name, { join }]) => `${name} by ${join}`)
    .join(', ');
}
