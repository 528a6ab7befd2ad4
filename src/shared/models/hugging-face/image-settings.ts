/** What a Hugging Face folder says about the input of an image model. */
import type { ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import { readPreprocessorConfig } from './preprocessor-config.ts';
import { fromFile, processorIn } from './processor-file.ts';
import { fieldNote, PROCESSOR_FILE, type Json } from './reading.ts';

interface Needed {
  readonly what: string;
  /** The fields of the processor that say it. */
  readonly keys: readonly string[];
  /** What these fields lack if they are there. */
  readonly lack: string;
}

/** Fields of `preprocess` that answers depend on. */
const NEEDED: Readonly<Record<'crop' | 'interpolation' | 'mean' | 'std', Needed>> = {
  crop: {
    what: 'the size of the input',
    keys: ['size', 'crop_size'],
    lack: 'this does not give every input the same size',
  },
  interpolation: {
    what: 'the interpolation',
    keys: ['resample'],
    lack: 'Forebay knows the interpolations 0 to 4 of Pillow, and not 5 (Hamming)',
  },
  mean: { what: 'the mean', keys: ['image_mean'], lack: 'a mean is one number or three' },
  std: { what: 'the standard deviation', keys: ['image_std'], lack: 'a deviation is one number or three' },
};

export async function describeImages(files: ForeignFiles): Promise<Described> {
  const processor = await processorIn(files, 'image_processor');
  return fromFile(describeProcessor(processor.given), processor);
}

function describeProcessor(given: Json): Described {
  const { preprocess, open, sizeProblem } = readPreprocessorConfig(given);
  const missing = new Map<string, string>();
  const has = Object.keys(given).length > 0;
  const isResized = given['do_resize'] !== false;
  for (const [field, needed] of Object.entries(NEEDED)) {
    if (preprocess[field as keyof typeof NEEDED] !== undefined) continue;
    if (field === 'interpolation' && !isResized) continue;
    missing.set(`/preprocess/${field}`, has ? whyMissing(given, needed) : `there is no ${PROCESSOR_FILE}`);
  }
  if (sizeProblem !== null) {
    const why = `${PROCESSOR_FILE}: ${sizeProblem}. Forebay's inputs have one size. Choose that size, such as "preprocess": { "resize": { "width": 640, "height": 640 }, "crop": 640 }. Answers then differ from those of transformers`;
    missing.set('/preprocess/crop', why).set('/preprocess/resize', why);
  }
  const notes =
    sizeProblem === null ? [...open] : open.filter((line) => !line.startsWith(`${PROCESSOR_FILE}: size `));
  // Feature extractors, which transformers replaced from 4.25 on, do not write the factor, and always divide by 255.
  const unlessGiven = new Map<string, string>();
  if (has && preprocess.rescale === undefined)
    unlessGiven.set(
      '/preprocess/rescale',
      `${PROCESSOR_FILE} has no rescale_factor: pixels are divided by 255`,
    );
  return { fields: { preprocess }, missing, unlessGiven, notes };
}

function whyMissing(config: Json, { what, keys, lack }: Needed): string {
  const said = keys.filter((key) => (config[key] ?? null) !== null);
  if (said.length === 0) return `${PROCESSOR_FILE} does not show ${what} (${keys.join(', ')})`;
  return `${fieldNote(Object.fromEntries(said.map((key) => [key, config[key]])))}; ${lack}`;
}
