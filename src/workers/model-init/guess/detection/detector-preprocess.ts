/** Guesses how images become the input of a detector. Each family of YOLO has its own way. Pure. */
import { describeTensor } from '../../../../shared/models/graph-tensor.ts';
import type { HeadName } from '../../../../shared/tasks/detection/detection-config.ts';
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { Hints } from '../../hints.ts';
import { mismatch } from '../guesser.ts';
import { guessPreprocess } from '../image/guess-preprocess.ts';
import type { ImageInput } from '../image/image-input.ts';
import type { Size } from './input-size.ts';

/** The grey that all YOLO models have around letterboxed images. */
const GREY = 114;

/** Throws ForebayError `config_mismatch` if a flag must decide. `isUltralytics`: its exporter wrote the graph. */
export function detectorPreprocess(
  { tensor, channels }: ImageInput,
  { head, size, isUltralytics }: { head: HeadName; size: Size | null; isUltralytics: boolean },
  hints: Hints,
  guesses: string[],
): Partial<Preprocess> {
  const isYolo = head.startsWith('yolo') || isUltralytics;
  if (!isYolo || hints.beside.hasProcessor || channels === 1) {
    return guessPreprocess(tensor, channels, hints, guesses, 'whole');
  }
  if (size === null) {
    throw mismatch(
      `the graph's input ${describeTensor(tensor)} takes any size: pass --crop PIXELS, the size that it was trained with`,
    );
  }
  const crop = size.width === size.height ? size.width : size;
  const isX = head === 'yolox';
  const resize = resizeOf(hints, crop);
  const pixels = isX ? 'BGR from 0 to 255, as YOLOX does' : 'RGB from 0 to 1, as Ultralytics does';
  guesses.push(`preprocess: ${placeText(resize, isX)}${pixels}`);
  return {
    resize,
    crop,
    pad: GREY,
    ...(isX ? { align: 'top_left' } : {}),
    interpolation: 'bilinear',
    color_order: isX ? 'bgr' : 'rgb',
    rescale: isX ? 1 : 1 / 255,
    mean: [0],
    std: [1],
  };
}

/** Where the image lies in the input, and what is around it. Empty if the image fills the input. */
function placeText(resize: Preprocess['resize'], isTopLeft: boolean): string {
  if (typeof resize === 'object') return '';
  const where = isTopLeft ? ' at the top left' : '';
  return resize === 'letterbox'
    ? `letterbox${where} with grey ${GREY}, `
    : `crop${where}, padded with grey ${GREY}, `;
}

function resizeOf({ resize }: Hints, crop: Preprocess['crop']): NonNullable<Preprocess['resize']> {
  if (resize === 'squash') return typeof crop === 'number' ? { width: crop, height: crop } : crop;
  return resize ?? 'letterbox';
}
