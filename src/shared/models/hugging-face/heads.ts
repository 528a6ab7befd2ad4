/** Which task a model of transformers has, by the end of its class name. Pure. */
import { NESTED_FILE } from './processor-file.ts';
import { PROCESSOR_FILE, type Json } from './reading.ts';

const CLASSIFIER = 'ForSequenceClassification';
const HEADS: readonly (readonly [end: string, task: string])[] = [
  ['ForImageClassification', 'image-classification'],
  [CLASSIFIER, 'text-classification'],
  ['ForTokenClassification', 'token-classification'],
  ['ForObjectDetection', 'object-detection'],
  ['ForSemanticSegmentation', 'image-segmentation'],
];

/** Models that take waveforms. Their classifiers end in the same way as those of texts. */
const WAVEFORMS =
  /^(Data2VecAudio|Hubert|SEW|SEWD|UniSpeech|UniSpeechSat|Wav2Vec2|Wav2Vec2Conformer|WavLM)(For|Model$)/;
const SPECTROGRAMS = /^(AST|Clap|SeamlessM4T|SeamlessM4Tv2|Wav2Vec2Bert|Whisper)(For|Model$)/;

/** Heads of sound models that no task fits, each with what it does. */
const WITHOUT_TASK: readonly (readonly [end: string, does: string])[] = [
  ['ForCTC', 'recognises speech'],
  ['ForAudioFrameClassification', 'labels each step of a sound'],
  ['ForXVector', 'turns voices into vectors'],
];

/** The first model class that config.json names. */
export function architectureOf({ architectures }: Json): string | null {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  return typeof first === 'string' ? first : null;
}

/** `names`: the files beside config.json. A model without a head returns vectors. Null if the name does not show a task. */
export function taskOfArchitecture(architecture: string, names: readonly string[]): string | null {
  if (WAVEFORMS.test(architecture)) return architecture.endsWith(CLASSIFIER) ? 'audio' : null;
  const isClap = architecture === 'ClapModel' && names.includes('tokenizer.json');
  if (SPECTROGRAMS.test(architecture) && !isClap) return null;
  const known = HEADS.find(([end]) => architecture.endsWith(end));
  if (known !== undefined) return known[1];
  if (!architecture.endsWith('Model')) return null;
  if (names.includes('tokenizer.json')) return 'text-embedding';
  return names.includes(PROCESSOR_FILE) || names.includes(NESTED_FILE) ? 'image-embedding' : null;
}

/** Why no task fits a model of sounds: what it does, or that it takes spectrograms. Null if nothing shows this. */
export function soundWithoutTask(architecture: string): { does: string } | 'spectrograms' | null {
  if (SPECTROGRAMS.test(architecture)) return 'spectrograms';
  const known = WITHOUT_TASK.find(([end]) => architecture.endsWith(end));
  if (known !== undefined) return { does: known[1] };
  return WAVEFORMS.test(architecture) ? { does: 'has no classes' } : null;
}
