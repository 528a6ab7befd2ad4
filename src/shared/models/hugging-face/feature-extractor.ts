/** Reads the config of a feature extractor for sounds, preprocessor_config.json. Pure. */
import { PROCESSOR_FILE, type Json } from './reading.ts';

export interface FeatureExtractor {
  /** In Hz. Null if the file does not say. */
  readonly sampleRate: number | null;
  /** Null if the class is unknown. */
  readonly normalize: boolean | null;
  /** What turns the waveform into a spectrogram, for a message. Null if the model gets the waveform. */
  readonly spectrograms: string | null;
  /** What was not understood, or has a consequence that the user should know. */
  readonly open: readonly string[];
}

/** The class of all models of transformers that take waveforms. */
const WAVEFORMS = 'Wav2Vec2FeatureExtractor';
const SPECTROGRAMS: readonly string[] = [
  'ASTFeatureExtractor',
  'ClapFeatureExtractor',
  'ClvpFeatureExtractor',
  'MCTCTFeatureExtractor',
  'ParakeetFeatureExtractor',
  'SeamlessM4TFeatureExtractor',
  'Speech2TextFeatureExtractor',
  'TvltFeatureExtractor',
  'WhisperFeatureExtractor',
];
/** Fields that are read, and fields that have no effect, because waveforms are not padded. */
const HARMLESS = new Set([
  'feature_extractor_type',
  'padding_side',
  'padding_value',
  'processor_class',
  'sampling_rate',
  'tokenizer_class',
]);

/** Null if it is not the config of a feature extractor for sounds. */
export function readFeatureExtractor(given: Json): FeatureExtractor | null {
  const { sampling_rate: rate, feature_extractor_type: type, do_normalize: normalize } = given;
  const spectrograms = spectrogramsOf(given);
  if (typeof rate !== 'number' && type !== WAVEFORMS && spectrograms === null) return null;
  const sampleRate = typeof rate === 'number' && Number.isInteger(rate) ? rate : null;
  if (spectrograms !== null) {
    const open = [`${PROCESSOR_FILE} names ${spectrograms}: Forebay does not compute spectrograms`];
    return { sampleRate, normalize: false, spectrograms, open };
  }
  const open: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (HARMLESS.has(key) || key.startsWith('_') || value === false || value === null) continue;
    if (key === 'do_normalize' && value === true) continue;
    if (key === 'feature_size' && value === 1) continue;
    open.push(key === 'return_attention_mask' && value === true ? MASK_NOTE : unknownField(key, value));
  }
  if (type !== undefined && type !== WAVEFORMS) return { sampleRate, normalize: null, spectrograms, open };
  if (normalize === undefined) open.push(DEFAULT_NOTE);
  return { sampleRate, normalize: normalize !== false, spectrograms, open };
}

const MASK_NOTE = `${PROCESSOR_FILE}: return_attention_mask true has no effect on answers, because only waveforms of the same length share a call. If the graph takes an attention_mask, it gets ones`;
const DEFAULT_NOTE = `${PROCESSOR_FILE} has no do_normalize: waveforms get mean 0 and variance 1, as ${WAVEFORMS} does by default`;

function unknownField(key: string, value: unknown): string {
  return `${PROCESSOR_FILE}: ${key} ${JSON.stringify(value)}`;
}

/** Older files do not name the class, but features of more than one number are a spectrogram. */
function spectrogramsOf({ feature_extractor_type: type, feature_size: size }: Json): string | null {
  if (typeof type === 'string') return SPECTROGRAMS.includes(type) ? type : null;
  return typeof size === 'number' && size > 1 ? `a feature extractor with feature_size ${size}` : null;
}
