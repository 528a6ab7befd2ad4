// Which settings of a feature extractor for sounds Forebay takes. The inputs are shortened configs of public models.
import { expect, it } from 'vitest';
import { readFeatureExtractor } from '#forebay/shared/models/hugging-face/feature-extractor.js';
import { taskOfArchitecture } from '#forebay/shared/models/hugging-face/heads.js';

const WAV2VEC2 = 'Wav2Vec2FeatureExtractor';

it.each<[string, Record<string, unknown>, object | null]>([
  [
    'Wav2Vec2',
    {
      do_normalize: true,
      feature_extractor_type: WAV2VEC2,
      feature_size: 1,
      padding_side: 'right',
      padding_value: 0,
      processor_class: 'Wav2Vec2Processor',
      return_attention_mask: false,
      sampling_rate: 16_000,
    },
    { sampleRate: 16_000, normalize: true, spectrograms: null, open: [] },
  ],
  [
    'one that does not normalise',
    { do_normalize: false, feature_extractor_type: WAV2VEC2, sampling_rate: 8000 },
    { sampleRate: 8000, normalize: false, spectrograms: null, open: [] },
  ],
  [
    'an older file without a class',
    { do_normalize: true, feature_size: 1, sampling_rate: 16_000 },
    { sampleRate: 16_000, normalize: true, spectrograms: null, open: [] },
  ],
  [
    'a mask, which has no effect',
    { do_normalize: true, return_attention_mask: true, sampling_rate: 16_000 },
    {
      normalize: true,
      open: [expect.stringMatching(/^preprocessor_config\.json: return_attention_mask true/)],
    },
  ],
  [
    'the default of the class',
    { feature_extractor_type: WAV2VEC2 },
    { sampleRate: null, normalize: true, open: [expect.stringContaining('has no do_normalize')] },
  ],
  [
    'fields that Forebay does not know',
    { do_normalize: true, sampling_rate: 16_000.5, truncation: true, max_length: 8000, _private: 1 },
    {
      sampleRate: null,
      open: ['preprocessor_config.json: truncation true', 'preprocessor_config.json: max_length 8000'],
    },
  ],
  [
    'an unknown class',
    { do_normalize: true, feature_extractor_type: 'OwnFeatureExtractor', sampling_rate: 16_000 },
    { sampleRate: 16_000, normalize: null, spectrograms: null },
  ],
  [
    'AST, whose do_normalize means another thing',
    { do_normalize: true, feature_extractor_type: 'ASTFeatureExtractor', sampling_rate: 16_000 },
    { normalize: false, spectrograms: 'ASTFeatureExtractor' },
  ],
  [
    'an older extractor of spectrograms',
    { feature_size: 80, sampling_rate: 16_000 },
    { spectrograms: 'a feature extractor with feature_size 80' },
  ],
  ['images', { feature_extractor_type: 'ViTFeatureExtractor', do_normalize: true, size: 224 }, null],
  ['nothing', {}, null],
])('reads %s', (_what, given, expected) => {
  const reading = readFeatureExtractor(given);
  if (expected === null) expect(reading).toBeNull();
  else expect(reading).toMatchObject(expected);
});

it.each<[string, string[], string | null]>([
  ['WavLMForSequenceClassification', [], 'audio'],
  ['Wav2Vec2ForSequenceClassification', ['tokenizer.json', 'preprocessor_config.json'], 'audio'],
  ['Data2VecTextForSequenceClassification', ['tokenizer.json'], 'text-classification'],
  ['Wav2Vec2BertForSequenceClassification', ['preprocessor_config.json'], null],
  ['Wav2Vec2ForCTC', [], null],
  ['Wav2Vec2Model', ['preprocessor_config.json'], null],
  ['WhisperModel', ['tokenizer.json'], null],
  ['ClapModel', ['tokenizer.json'], 'text-embedding'],
  ['ClapModel', ['preprocessor_config.json'], null],
  ['CLIPModel', ['preprocessor_config.json'], 'image-embedding'],
])('%s beside %j has the task %s', (architecture, names, task) => {
  expect(taskOfArchitecture(architecture, names)).toBe(task);
});
