/** What a Hugging Face folder says about the input of an image model. */
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import { readPreprocessorConfig } from './preprocessor-config.ts';
import { PROCESSOR_FILE } from './reading.ts';

/** Fields of `preprocess` that answers depend on, each with the setting of the processor that it comes from. */
const NEEDED = {
  crop: 'the size of the input (size, crop_size)',
  interpolation: 'the interpolation (resample)',
  mean: 'the mean (image_mean)',
  std: 'the standard deviation (image_std)',
} as const;

export async function describeImages(files: ForeignFiles): Promise<Described> {
  const given = await objectIn(files, PROCESSOR_FILE);
  const { preprocess, open, sizeProblem } = readPreprocessorConfig(given);
  const missing = new Map<string, string>();
  const has = Object.keys(given).length > 0;
  for (const [field, what] of Object.entries(NEEDED)) {
    if (preprocess[field as keyof typeof NEEDED] !== undefined) continue;
    missing.set(
      `/preprocess/${field}`,
      has ? `${PROCESSOR_FILE} does not show ${what}` : `there is no ${PROCESSOR_FILE}`,
    );
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
