// Hugging Face folders of classifiers of waveforms. The configs are those of public models, shortened.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import type { AudioConfig } from '#forebay/shared/tasks/audio.js';
import { tone, writeWav } from '../../support/audio/write-wav.ts';
import { servedFolder, writeFolder } from '../../support/foreign-folders.ts';
import { predictionsOf, testFolder } from '../../support/lanes.ts';
import { configIn, modelInit } from '../../support/model-init.ts';
import { echoWave, loudnessClasses, LOUDNESS } from '../../support/onnx/audio-models.ts';

type Files = Record<string, object | string | Buffer>;

const NAMES = ['calm', 'happy', 'angry'];
const CONFIG = {
  architectures: ['Wav2Vec2ForSequenceClassification'],
  finetuning_task: 'audio-classification',
  model_type: 'wav2vec2',
  id2label: Object.fromEntries(NAMES.map((name, id) => [id, name])),
};
const EXTRACTOR = {
  do_normalize: true,
  feature_extractor_type: 'Wav2Vec2FeatureExtractor',
  feature_size: 1,
  padding_side: 'right',
  padding_value: 0,
  return_attention_mask: false,
  sampling_rate: 16_000,
};
const WHOLE = expect.stringContaining('gets each waveform whole') as string;

function soundFolder(more: Files = {}): string {
  const files = {
    'config.json': CONFIG,
    'preprocessor_config.json': EXTRACTOR,
    'onnx/model.onnx': loudnessClasses(),
  };
  return writeFolder({ ...files, ...more }, 'Emotions');
}

const withArchitecture = (name: string): Files => ({ 'config.json': { ...CONFIG, architectures: [name] } });
const withExtractor = (more: object): Files => ({ 'preprocessor_config.json': { ...EXTRACTOR, ...more } });

/** Quiet waveforms of several lengths and shapes, off zero. Two have the same length. */
const WAVES = [
  tone(4000, 16_000, 220, 0.1).map((x) => x + 0.05),
  tone(1600, 16_000, 500, 0.02).map((x) => Math.sign(x) * 0.02 - 0.3),
  tone(4000, 16_000, 90, 0.5).map((x) => x ** 9),
  Float32Array.from({ length: 1000 }, (_, i) => (i === 500 ? 0.9 : 0.1)),
];

/** As Wav2Vec2FeatureExtractor of transformers. */
function normalized(wave: Float32Array): Float32Array {
  const mean = wave.reduce((sum, x) => sum + x, 0) / wave.length;
  const variance = wave.reduce((sum, x) => sum + (x - mean) ** 2, 0) / wave.length;
  return wave.map((x) => (x - mean) / Math.sqrt(variance + 1e-7));
}

/** What the graph computes, and softmax. */
function scoresOf(wave: Float32Array): number[] {
  const mean = wave.reduce((sum, x) => sum + x, 0) / wave.length;
  const distance = wave.reduce((sum, x) => sum + Math.abs(x), 0) / wave.length;
  const [ofMean, ofDistance] = LOUDNESS.weights;
  const powers = NAMES.map((_, i) =>
    Math.exp(mean * ofMean![i]! + distance * ofDistance![i]! + LOUDNESS.bias[i]!),
  );
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The scores of each file in the order of NAMES. */
async function answersOf(dir: string, waves: readonly Float32Array[] = WAVES) {
  const { folder, lane } = await servedFolder(dir);
  const rows = waves.map((wave) => ({ bytes: new Uint8Array(writeWav([wave], { format: 'f32' })) }));
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 3 } });
  const scores = outcomes.map((outcome) => {
    const byLabel = new Map(predictionsOf(outcome).map(({ label, score }) => [label, score]));
    return NAMES.map((name) => byLabel.get(name)!);
  });
  return { folder, scores };
}

function expectScores(found: readonly number[][], waves: readonly Float32Array[]): void {
  expect(found).toHaveLength(waves.length);
  for (const [i, wave] of waves.entries()) {
    for (const [c, score] of scoresOf(wave).entries()) expect(found[i]![c]).toBeCloseTo(score, 4);
  }
}

describe('classifiers of waveforms', () => {
  it('are served as they are, with normalised waveforms, labels and softmax', async () => {
    const { folder, scores } = await answersOf(soundFolder());
    expect(folder.config).toMatchObject({
      name: 'emotions',
      task: 'audio',
      sample_rate: 16_000,
      normalize: 'unit_variance',
      answer: 'predictions',
      labels: 'config.json',
      activation: 'softmax',
    });
    expect(folder.notes).toEqual([WHOLE]);
    expectScores(scores, WAVES.map(normalized));
    // Without the normalisation, all of these answers differ.
    const best = (row: readonly number[]) => row.indexOf(Math.max(...row));
    expect(WAVES.map((wave) => best(scoresOf(wave)))).not.toEqual(scores.map(best));
  });

  it('get waveforms as they are if the feature extractor does not normalise', async () => {
    const { folder, scores } = await answersOf(soundFolder(withExtractor({ do_normalize: false })));
    expect(folder.config).toMatchObject({ normalize: 'none' });
    expectScores(scores, WAVES);
  });

  it.each<['int64' | 'int32' | 'bool' | 'float32']>([['int64'], ['int32'], ['bool'], ['float32']])(
    'get a mask of ones in %s if the graph takes one',
    async (mask) => {
      const dir = soundFolder({
        ...withExtractor({ return_attention_mask: true }),
        'onnx/model.onnx': loudnessClasses({ mask }),
      });
      const { folder, scores } = await answersOf(dir);
      expect(folder.notes).toEqual([
        expect.stringContaining('return_attention_mask true has no effect'),
        WHOLE,
      ]);
      expectScores(scores, WAVES.map(normalized));
    },
  );

  it('get a mask that hides the padding of frames if model.json cuts waveforms', async () => {
    const dir = soundFolder({
      'onnx/model.onnx': loudnessClasses({ mask: 'int64' }),
      'model.json': { normalize: 'none', frame: { length: 3000, context: 1000 } },
    });
    const waves = WAVES.map((wave) => wave.subarray(0, 1500));
    // The waveform is shorter than a frame without context, so each has one frame.
    expectScores((await answersOf(dir, waves)).scores, waves);
  });

  it('may call their input by any name, and have several labels at once', async () => {
    const { folder, scores } = await answersOf(
      soundFolder({
        'config.json': { ...CONFIG, problem_type: 'multi_label_classification' },
        'onnx/model.onnx': loudnessClasses({ input: 'input' }),
      }),
    );
    expect(folder.config).toMatchObject({ activation: 'sigmoid' });
    expect(scores[0]!.reduce((sum, score) => sum + score, 0)).not.toBeCloseTo(1, 2);
  });

  it.each([
    'Data2VecAudioForSequenceClassification',
    'HubertForSequenceClassification',
    'SEWDForSequenceClassification',
    'SEWForSequenceClassification',
    'UniSpeechForSequenceClassification',
    'UniSpeechSatForSequenceClassification',
    'Wav2Vec2ConformerForSequenceClassification',
    'WavLMForSequenceClassification',
  ])('%s is one of them', async (name) => {
    const { config } = await loadModelFolder(soundFolder(withArchitecture(name)));
    expect(config).toMatchObject({ task: 'audio', answer: 'predictions', sample_rate: 16_000 });
  });

  it('have the settings of processor_config.json', async () => {
    const dir = soundFolder({
      'preprocessor_config.json': {},
      'processor_config.json': { feature_extractor: { ...EXTRACTOR, sampling_rate: 8000, odd: 1 } },
    });
    const { config, notes } = await loadModelFolder(dir);
    expect(config).toMatchObject({ task: 'audio', sample_rate: 8000 });
    expect(notes).toContain('processor_config.json (feature_extractor): odd 1');
  });

  it('need the sample rate and the normalisation from model.json if no file has them', async () => {
    const dir = soundFolder({ 'preprocessor_config.json': {} });
    await expect(loadModelFolder(dir)).rejects.toMatchObject({
      code: 'invalid_model_config',
      issues: [{ path: '/sample_rate' }, { path: '/normalize' }],
    });
    writeFileSync(join(dir, 'model.json'), JSON.stringify({ sample_rate: 8000, normalize: 'none' }));
    const { config } = await loadModelFolder(dir);
    expect(config).toMatchObject({ sample_rate: 8000, normalize: 'none', answer: 'predictions' });
  });
});

const SPECTROGRAMS = /so the model takes spectrograms, which Forebay does not compute\. Send spectrograms to/;

it.each<[string, Files, RegExp]>([
  [
    'an AST',
    {
      ...withArchitecture('ASTForAudioClassification'),
      ...withExtractor({ feature_extractor_type: 'ASTFeatureExtractor' }),
    },
    SPECTROGRAMS,
  ],
  [
    'a Whisper',
    {
      ...withArchitecture('WhisperForAudioClassification'),
      ...withExtractor({ feature_extractor_type: 'WhisperFeatureExtractor' }),
    },
    SPECTROGRAMS,
  ],
  [
    'a Wav2Vec2-BERT without its feature extractor',
    { ...withArchitecture('Wav2Vec2BertForSequenceClassification'), 'preprocessor_config.json': {} },
    SPECTROGRAMS,
  ],
  [
    'a CLAP',
    {
      ...withArchitecture('ClapModel'),
      ...withExtractor({ feature_extractor_type: 'ClapFeatureExtractor' }),
    },
    SPECTROGRAMS,
  ],
  [
    'a CLAP with a tokenizer and no word on its texts',
    { ...withArchitecture('ClapModel'), 'tokenizer.json': {} },
    /compares texts with spectrograms of sounds, which Forebay does not compute\. To serve its texts alone/,
  ],
  [
    'a classifier of waveforms with a feature extractor for spectrograms',
    withExtractor({ feature_extractor_type: 'SeamlessM4TFeatureExtractor' }),
    SPECTROGRAMS,
  ],
  [
    'a recogniser of speech',
    withArchitecture('Wav2Vec2ForCTC'),
    /"Wav2Vec2ForCTC", which recognises speech, and Forebay has no task for that\. .*--task audio/,
  ],
  ['a model without a head', withArchitecture('HubertModel'), /"HubertModel", which has no classes/],
  [
    'an unknown feature extractor',
    withExtractor({ feature_extractor_type: 'OwnFeatureExtractor' }),
    /\/normalize: is missing: .* names a feature extractor that Forebay does not know/,
  ],
])('refuses %s', async (_what, files, says) => {
  await expect(loadModelFolder(soundFolder(files))).rejects.toThrow(says);
});

describe('model init', () => {
  it.each<[string, Files]>([
    ['the folder', {}],
    ['a folder whose graph takes a mask', { 'onnx/model.onnx': loudnessClasses({ mask: 'int64' }) }],
    ['a folder that does not normalise', withExtractor({ do_normalize: false })],
  ])('makes a folder that answers like %s', async (_what, files) => {
    const given = soundFolder(files);
    const out = join(testFolder(), 'made');
    const made = await modelInit(given, '--out', out);
    expect(made.err).toBe('');
    expect(made.out).toContain('taken from config.json (architectures: Wav2Vec2ForSequenceClassification)');
    const [own, foreign] = [await answersOf(out), await answersOf(given)];
    const { task, sample_rate, normalize, answer, activation } = foreign.folder.config as AudioConfig;
    expect(own.folder.config).toMatchObject({ task, sample_rate, normalize, answer, activation });
    expect(own.scores).toEqual(foreign.scores);
  });

  it('answers with class scores even if config.json has no real names', async () => {
    const id2label = { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' };
    const out = join(testFolder(), 'made');
    const made = await modelInit(soundFolder({ 'config.json': { ...CONFIG, id2label } }), '--out', out);
    expect(made.err).toBe('');
    expect(configIn(out)).toMatchObject({ answer: 'predictions', activation: 'softmax' });
  });

  it.each<[string, string, Files, Buffer, object]>([
    [
      'the outputs of a recogniser of speech',
      'audio',
      withArchitecture('Wav2Vec2ForCTC'),
      echoWave('batch', 'samples', 1),
      { normalize: 'unit_variance', answer: 'outputs' },
    ],
    [
      'the outputs of an AST, whose rows are spectrograms',
      'tensors',
      {
        ...withArchitecture('ASTForAudioClassification'),
        ...withExtractor({ feature_extractor_type: 'ASTFeatureExtractor' }),
      },
      echoWave('batch', 10, 8),
      {},
    ],
  ])('returns %s, as the refusal of the folder says', async (_what, task, files, graph, config) => {
    const dir = soundFolder({ ...files, 'onnx/model.onnx': graph });
    await expect(loadModelFolder(dir)).rejects.toThrow(`${dir} --out OUT --task ${task}`);
    const out = join(testFolder(), 'made');
    expect((await modelInit(dir, '--out', out, '--task', task)).err).toBe('');
    expect(configIn(out)).toMatchObject({ task, ...config });
  });
});
