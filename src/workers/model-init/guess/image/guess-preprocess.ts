/** Guesses the preprocessing of a graph from its input and the hints. Pure. */
import { PROCESSOR_FILE } from '../../../../shared/models/hugging-face/reading.ts';
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import { sizeText } from '../../../../shared/tasks/image/size-text.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { describeTensor, imageDims, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Hints } from '../../hints.ts';

const USUAL_SIDE = 224;
/** ImageNet evaluation resizes to crop / 0.875. */
const USUAL_RATIO = 0.875;
/** For inputs up to this side, the shorter side of an image is resized to the input's side, without a margin. */
const THUMBNAIL = 64;
const PLAIN = { mean: [0], std: [1] };
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * Adds values without a source to `guesses`. `part`: `whole` for models that locate things in an image, because a
 * guessed crop would cut some off. Throws ForebayError `config_mismatch` if only the user can say how images get the
 * input's size.
 */
export function guessPreprocess(
  input: GraphTensor,
  channels: 1 | 3,
  { crop: wanted, resize: asked, beside: { preprocess: beside } }: Hints,
  guesses: string[],
  part: 'centre' | 'whole' = 'centre',
): Partial<Preprocess> {
  const fixed = fixedSize(input, channels);
  const crop = fixed ?? wanted ?? beside.crop ?? USUAL_SIDE;
  for (const [what, value] of [
    ['--crop', wanted],
    [PROCESSOR_FILE, beside.crop],
  ] as const) {
    if (value !== undefined && !isSame(value, crop)) {
      guesses.push(`preprocess.crop ${sizeText(crop)}: ${what} says ${sizeText(value)}, which is ignored`);
    }
  }
  const isKnown = fixed !== null || wanted !== undefined || beside.crop !== undefined;
  if (!isKnown) {
    if (part === 'whole') {
      throw new ForebayError(
        'config_mismatch',
        `the graph's input ${describeTensor(input)} takes any size: pass --crop PIXELS, the size that it was trained with`,
      );
    }
    guesses.push(
      `preprocess.crop ${sizeText(crop)}: the graph takes any size; --crop sets the one it was trained with`,
    );
  }
  const isConfigs = asked === undefined && beside.crop !== undefined && isSame(beside.crop, crop);
  const resize = isConfigs ? beside.resize : resizeTo(crop, asked, input, guesses, part);
  if (beside.interpolation === undefined) {
    guesses.push(
      'preprocess.interpolation "bilinear": the default of torchvision; timm and many newer models use "bicubic"',
    );
  }
  if (beside.color_order === undefined && channels === 3) {
    guesses.push(
      'preprocess.color_order "rgb": Caffe and OpenCV models take "bgr", with their mean in that order',
    );
  }
  const isRaw = input.type === 'uint8';
  if (isRaw) guesses.push('preprocess.rescale 1, mean [0], std [1]: the graph takes raw pixels');
  const usual = { rescale: 1 / 255, ...(channels === 3 ? IMAGENET : PLAIN) };
  const given = { rescale: beside.rescale, mean: beside.mean, std: beside.std };
  if (!isRaw && given.mean === undefined) {
    guesses.push(
      channels === 3 ? 'preprocess.mean, std: the ImageNet constants' : 'preprocess.mean [0], std [1]: none',
    );
  }
  if (!isRaw && given.rescale === undefined) guesses.push('preprocess.rescale 1/255: maps pixels to 0 to 1');
  return {
    ...(resize === undefined ? {} : { resize }),
    crop,
    ...(channels === 1 ? { channels } : {}),
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

function resizeTo(
  crop: Preprocess['crop'],
  asked: Hints['resize'],
  input: GraphTensor,
  guesses: string[],
  part: 'centre' | 'whole',
): Preprocess['resize'] {
  if (typeof asked === 'number' || asked === 'letterbox') return asked;
  if (asked === 'squash') return typeof crop === 'number' ? { width: crop, height: crop } : crop;
  if (typeof crop === 'object' || part === 'whole') {
    const what = typeof crop === 'object' ? 'is not square, and nothing' : 'is square, but nothing';
    throw new ForebayError(
      'config_mismatch',
      `the graph's input ${describeTensor(input)} ${what} shows how images get this size: pass --resize squash (stretched), letterbox (padded), or PIXELS (shorter side, then the centre is cropped)`,
    );
  }
  const resize = crop <= THUMBNAIL ? crop : Math.round(crop / USUAL_RATIO);
  guesses.push(
    `preprocess.resize ${resize}: the shorter side before the ${crop} x ${crop} centre crop (usual: crop / 0.875). --resize sets it`,
  );
  return resize;
}

/** The size that the graph fixes. Null if it takes any. */
function fixedSize({ shape }: GraphTensor, channels: number): Preprocess['crop'] | null {
  const [, height, width] = imageDims(shape, channels);
  if (typeof height === 'number' && typeof width === 'number' && height !== width) return { width, height };
  const side = [height, width].find((one) => typeof one === 'number');
  return typeof side === 'number' ? side : null;
}

function isSame(a: Preprocess['crop'], b: Preprocess['crop']): boolean {
  return sizeText(a) === sizeText(b);
}
