/** Guesses the preprocessing of a graph from its input and the hints. Pure. */
import type { SquarePreprocess } from '../../shared/tasks/image/preprocess.ts';
import { imageDims, type GraphTensor } from '../../shared/models/graph-tensor.ts';
import type { Hints } from './hints.ts';

const USUAL_SIDE = 224;
/** ImageNet evaluation resizes to crop / 0.875. */
const USUAL_RATIO = 0.875;
/** Images up to this side are not cropped. */
const THUMBNAIL = 64;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Adds values without a source to `guesses`. */
export function guessPreprocess(
  input: GraphTensor,
  { crop: wanted, beside: { preprocess: beside } }: Hints,
  guesses: string[],
): Partial<SquarePreprocess> {
  const side = sideOf(input);
  const crop = side ?? wanted ?? beside.crop ?? USUAL_SIDE;
  for (const [what, value] of [
    ['--crop', wanted],
    ['preprocessor_config.json', beside.crop],
  ] as const) {
    if (value !== undefined && value !== crop) {
      guesses.push(`preprocess.crop ${crop}: ${what} says ${value}, which is ignored`);
    }
  }
  const isKnown = side !== null || wanted !== undefined || beside.crop !== undefined;
  if (!isKnown) {
    guesses.push(
      `preprocess.crop ${crop}: the graph takes any size; --crop sets the one it was trained with`,
    );
  }
  const isConfigs = beside.crop === crop;
  const resize = isConfigs ? beside.resize : crop <= THUMBNAIL ? crop : Math.round(crop / USUAL_RATIO);
  if (!isConfigs) {
    guesses.push(
      `preprocess.resize ${resize}: the shorter side before the ${crop} x ${crop} centre crop (usual: crop / 0.875)`,
    );
  }
  if (beside.interpolation === undefined) {
    guesses.push(
      'preprocess.interpolation "bilinear": the default of torchvision; timm and many newer models use "bicubic"',
    );
  }
  if (beside.color_order === undefined) {
    guesses.push(
      'preprocess.color_order "rgb": Caffe and OpenCV models take "bgr", with their mean in that order',
    );
  }
  const isRaw = input.type === 'uint8';
  if (isRaw) guesses.push('preprocess.rescale 1, mean [0], std [1]: the graph takes raw pixels');
  const usual = { rescale: 1 / 255, ...IMAGENET };
  const given = { rescale: beside.rescale, mean: beside.mean, std: beside.std };
  if (!isRaw && given.mean === undefined) {
    guesses.push('preprocess.mean, std: the ImageNet constants');
  }
  if (!isRaw && given.rescale === undefined) guesses.push('preprocess.rescale 1/255: maps pixels to 0 to 1');
  return {
    ...(resize === undefined ? {} : { resize }),
    crop,
    interpolation: beside.interpolation ?? 'bilinear',
    color_order: beside.color_order ?? 'rgb',
    ...(isRaw
      ? { rescale: 1, mean: [0], std: [1] }
      : {
          rescale: given.rescale ?? usual.rescale,
          mean: given.mean ?? usual.mean,
          std: given.std ?? usual.std,
        }),
  };
}

/** The side that the graph fixes. Null if it takes any. */
function sideOf({ shape }: GraphTensor): number | null {
  const [, height, width] = imageDims(shape);
  const fixed = [height, width].find((side) => typeof side === 'number');
  return typeof fixed === 'number' ? fixed : null;
}
