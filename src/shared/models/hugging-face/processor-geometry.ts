/** The sizes that a Hugging Face processor of images gives to an image and to the model's input. Pure. */
import type { Preprocess } from '../../tasks/image/preprocess.ts';
import { fieldNote, type Json } from './reading.ts';

export interface Geometry {
  readonly preprocess: Pick<Partial<Preprocess>, 'resize' | 'crop'>;
  readonly keys: readonly string[];
  readonly open: readonly string[];
  /** The image becomes exactly the input, without a crop. */
  readonly isWhole?: true;
  readonly problem?: string;
}

/** Of the processors that crop, these take a bare number as both sides. The others take it as the shorter side. */
const NUMBER_IS_BOTH_SIDES = /^(deit|beit|efficientformer|efficientnet|flava|owlvit)/i;
/** These never take a bare number as both sides. */
const NUMBER_IS_SHORTER_SIDE = /^(convnext|levit|poolformer)/i;
/** ConvNeXt's processor does not crop to this side or a larger one. */
const CONVNEXT_WHOLE = 384;
const CONVNEXT_RATIO = 224 / 256;
const POOLFORMER_RATIO = 0.9;
/** The other processors ignore `crop_pct`. */
const HAS_RATIO = /^(convnext|poolformer)/i;
/** LeViT's processor makes the shorter side larger than its config says, by this factor. */
const LEVIT_FACTOR = 256 / 224;

/** `noRatio`: the config says that there is no `crop_pct`. */
export function readGeometry(take: (key: string) => unknown, processor: string, noRatio: boolean): Geometry {
  const isResized = take('do_resize') !== false;
  const [given, cropSize] = [take('size'), take('crop_size')];
  const ratio = noRatio || !HAS_RATIO.test(processor) ? null : take('crop_pct');
  const size =
    typeof given === 'number' && NUMBER_IS_SHORTER_SIDE.test(processor) ? { shortest_edge: given } : given;
  const isCropped = take('do_center_crop') ?? cropSize !== undefined;
  const isFixed = isCropped === true || !isResized || (typeof size === 'object' && exactSize(size) !== null);
  const maxSize = isFixed ? undefined : take('max_size');
  const keepsRatio = isCropped !== true && isResized && take('keep_aspect_ratio') === true;
  const free = keepsRatio ? keptRatio(size) : isFixed ? null : freeSize(size, maxSize, processor);
  if (free !== null) return { ...notUnderstood({ size, max_size: maxSize }), problem: free };
  const whole = exactSize(size);
  if (isCropped === true) {
    const crop = squareSide(cropSize) ?? exactSize(cropSize) ?? shorterSide(cropSize);
    if (crop === null) return notUnderstood({ size: given, crop_size: cropSize });
    if (!isResized) return { preprocess: { crop }, keys: ['crop_size'], open: [] };
    if (/^perceiver/i.test(processor)) {
      const problem = 'the processor of Perceiver crops an image before it resizes it';
      return { ...notUnderstood({ size: given, crop_size: cropSize }), problem };
    }
    const [resize, ...keys] = resizeOf(size, ratio, processor);
    if (resize === null) return notUnderstood({ size: given, crop_size: cropSize });
    return { preprocess: { resize, crop }, keys: ['size', 'crop_size', ...keys], open: [] };
  }
  if (!isResized || size === undefined) return { preprocess: {}, keys: [], open: [] };
  const shorter = shorterSide(size);
  if (/^convnext/i.test(processor) && shorter !== null) {
    if (shorter >= CONVNEXT_WHOLE) return squashed({ width: shorter, height: shorter });
    const share = typeof ratio === 'number' ? ratio : CONVNEXT_RATIO;
    const preprocess = { resize: Math.floor(shorter / share), crop: shorter };
    return { preprocess, keys: ['size', 'crop_pct'], open: [] };
  }
  return whole === null ? notUnderstood({ size: given }) : squashed(whole);
}

/** How an image that will be cropped is resized, and the fields besides `size` that say so. */
function resizeOf(
  size: unknown,
  ratio: unknown,
  processor: string,
): readonly [Preprocess['resize'] | null, ...string[]] {
  const shorter = shorterSide(size);
  const exact = exactSize(size);
  if (/^poolformer/i.test(processor) && ratio !== null) {
    const share = typeof ratio === 'number' ? ratio : POOLFORMER_RATIO;
    const side = shorter ?? squareSide(size);
    if (side !== null) return [Math.floor(side / share), 'crop_pct'];
    if (exact === null) return [null];
    const [width, height] = [Math.floor(exact.width / share), Math.floor(exact.height / share)];
    return [{ width, height }, 'crop_pct'];
  }
  if (/^levit/i.test(processor) && shorter !== null) return [Math.floor(LEVIT_FACTOR * shorter)];
  if (shorter !== null) return [shorter];
  return [typeof size === 'number' && !NUMBER_IS_BOTH_SIDES.test(processor) ? size : exact];
}

/** These processors keep an image's aspect ratio, so inputs differ in size. A bare number is the shorter side. */
const KEEP_THE_RATIO = /^(?!rt).*(detr|yolos)/i;

/** How the size of an input depends on the image. Null if it does not. */
function freeSize(size: unknown, maxSize: unknown, processor: string): string | null {
  const longest = maxSize ?? (size as Json | undefined)?.['longest_edge'] ?? null;
  const shorter = shorterSide(size) ?? (typeof size === 'number' ? size : null);
  if (longest === null && (shorter === null || !KEEP_THE_RATIO.test(processor))) return null;
  const most = longest === null ? '' : `, and the longer one at most ${JSON.stringify(longest)}`;
  return `the shorter side of an image becomes ${shorter ?? JSON.stringify(size)}${most}`;
}

function keptRatio(size: unknown): string {
  return `an image keeps its ratio (keep_aspect_ratio) with the size ${JSON.stringify(size)}`;
}

/** The image becomes exactly this large, whatever its ratio. */
function squashed(size: Size): Geometry {
  const crop = size.width === size.height ? size.width : size;
  return { preprocess: { resize: size, crop }, keys: ['size'], open: [], isWhole: true };
}

function notUnderstood(fields: Json): Geometry {
  return { preprocess: {}, keys: [], open: [fieldNote(fields)] };
}

function shorterSide(size: unknown): number | null {
  const edge = (size as Json | undefined)?.['shortest_edge'];
  return typeof edge === 'number' ? edge : null;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** For processors that do not crop, a bare number is both sides. */
function exactSize(size: unknown): Size | null {
  if (typeof size === 'number') return { width: size, height: size };
  const { height, width } = (size ?? {}) as Json;
  return typeof height === 'number' && typeof width === 'number' ? { width, height } : null;
}

function squareSide(size: unknown): number | null {
  const exact = exactSize(size);
  return exact !== null && exact.width === exact.height ? exact.width : null;
}
