/** What a Hugging Face folder says about a model of sounds. */
import type { ForeignFiles } from '../foreign-files.ts';
import { describeClasses } from './classes.ts';
import { bothOf, withoutTask, type Described } from './described.ts';
import { readFeatureExtractor, type FeatureExtractor } from './feature-extractor.ts';
import { soundWithoutTask } from './heads.ts';
import { fromFile, processorIn } from './processor-file.ts';
import { PROCESSOR_FILE, type Json } from './reading.ts';

/** A classifier of waveforms. */
export async function classesOfSounds(files: ForeignFiles, config: Json): Promise<Described> {
  const processor = await processorIn(files, 'feature_extractor');
  return fromFile(describeSounds(files, config, readFeatureExtractor(processor.given)), processor);
}

function describeSounds(files: ForeignFiles, config: Json, extractor: FeatureExtractor | null): Described {
  const refusal = refuseExtractor(files, extractor);
  if (refusal !== null) return refusal;
  const { sampleRate = null, normalize = null, open = [] } = extractor ?? {};
  const missing = new Map<string, string>();
  const why = extractor === null ? `there is no ${PROCESSOR_FILE} of a feature extractor for sounds` : null;
  if (sampleRate === null) missing.set('/sample_rate', why ?? `${PROCESSOR_FILE} has no sampling_rate`);
  if (normalize === null) {
    missing.set(
      '/normalize',
      why ??
        `${PROCESSOR_FILE} names a feature extractor that Forebay does not know; set "none" or "unit_variance"`,
    );
  }
  const sound: Described = {
    fields: {
      ...(sampleRate === null ? {} : { sample_rate: sampleRate }),
      ...(normalize === true ? { normalize: 'unit_variance' } : {}),
      ...(normalize === false ? { normalize: 'none' } : {}),
      answer: 'predictions',
    },
    missing,
    notes: [...open, WHOLE_NOTE],
  };
  return bothOf(describeClasses(config), sound);
}

const WHOLE_NOTE =
  'the model gets each waveform whole; "max_seconds" or "frame" in model.json limits the memory that long ones need';

/** Why a folder with an architecture that shows no task is refused. Null if it is not a model of sounds. */
export async function refuseSounds(architecture: string, files: ForeignFiles): Promise<Described | null> {
  const processor = await processorIn(files, 'feature_extractor');
  const refusal = refuseExtractor(files, readFeatureExtractor(processor.given));
  if (refusal !== null) return fromFile(refusal, processor);
  const reason = soundWithoutTask(architecture);
  if (reason === 'spectrograms') {
    return takesSpectrograms(files, 'config.json', `the architecture ${JSON.stringify(architecture)}`);
  }
  if (reason === null) return null;
  return withoutTask(
    `config.json names the architecture ${JSON.stringify(architecture)}, which ${reason.does}, and Forebay has no task for that. To get the outputs of the graph as they are, create a folder with: forebay model init ${files.dir} --out OUT --task audio`,
  );
}

function refuseExtractor(files: ForeignFiles, extractor: FeatureExtractor | null): Described | null {
  const spectrograms = extractor?.spectrograms ?? null;
  return spectrograms === null ? null : takesSpectrograms(files, PROCESSOR_FILE, spectrograms);
}

function takesSpectrograms({ dir }: ForeignFiles, file: string, what: string): Described {
  return withoutTask(
    `${file} names ${what}, so the model takes spectrograms, which Forebay does not compute. Send spectrograms to a folder created with: forebay model init ${dir} --out OUT --task tensors`,
  );
}
