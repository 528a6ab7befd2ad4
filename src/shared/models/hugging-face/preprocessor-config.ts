/** Reads a Hugging Face repository's `preprocessor_config.json`. Lists what it does not understand or support. Pure. */
import type { Preprocess } from '../../tasks/image/preprocess.ts';
import { sizeText } from '../../tasks/image/size-text.ts';
import type { Json, Reading } from './reading.ts';

export interface PreprocessorConfig extends Reading {
  readonly preprocess: Partial<Preprocess>;
  /**
   * Why Forebay cannot give images the size that the processor gives them. Null if it can, or if no size is named or
   * understood.
   */
  readonly sizeProblem: string | null;
}

/** By Pillow's numbers. 5 (hamming) is not supported. */
const RESAMPLE = new Map<unknown, Preprocess['interpolation']>([
  [0, 'nearest'],
  [1, 'lanczos'],
  [2, 'bilinear'],
  [3, 'bicubic'],
  [4, 'box'],
]);

/** Fields that do not affect pixels, or that describe what is done anyway. */
const HARMLESS = new Set([
  'image_processor_type',
  'feature_extractor_type',
  'processor_class',
  'do_convert_rgb',
  'default_to_square',
  'data_format',
  'input_data_format',
  'return_tensors',
  'device',
  'disable_grouping',
  // About annotations, which only training has.
  'format',
  'do_convert_annotations',
  'do_reduce_labels',
  'reduce_labels',
  'return_segmentation_masks',
]);

export function readPreprocessorConfig(config: Json): PreprocessorConfig {
  const fields = new Map(Object.entries(config).filter(([, value]) => value !== null));
  const taken: string[] = [];
  const open: string[] = [];
  const take = (key: string): unknown => {
    const value = fields.get(key);
    fields.delete(key);
    return value;
  };
  const because = (said: string, ...keys: string[]) =>
    taken.push(`${said}: taken from preprocessor_config.json (${keys.join(', ')})`);
  const geometry = readGeometry(
    take,
    String(config['image_processor_type'] ?? config['feature_extractor_type']),
  );
  open.push(...geometry.open);
  // Images of one size need no padding.
  if (geometry.isWhole === true && fields.get('pad_size') === undefined) fields.delete('do_pad');
  const preprocess: Partial<Preprocess> = { ...geometry.preprocess };
  if (preprocess.crop !== undefined) {
    const resize = preprocess.resize === undefined ? '' : `resize ${sizeText(preprocess.resize)}, `;
    because(`preprocess.${resize}crop ${sizeText(preprocess.crop)}`, ...geometry.keys);
  }

  const resample = take('resample');
  const interpolation = RESAMPLE.get(resample);
  if (interpolation !== undefined) {
    preprocess.interpolation = interpolation;
    because(`preprocess.interpolation "${interpolation}"`, 'resample');
  } else if (resample !== undefined) fields.set('resample', resample);

  const factor = take('do_rescale') === false ? 1 : take('rescale_factor');
  fields.delete('rescale_factor');
  if (typeof factor === 'number') {
    preprocess.rescale = factor;
    because(`preprocess.rescale ${factor}`, factor === 1 ? 'do_rescale' : 'rescale_factor');
  }

  const isNormalised = take('do_normalize') !== false;
  const given = { image_mean: take('image_mean'), image_std: take('image_std') };
  const [mean, std] = [perChannel(given.image_mean), perChannel(given.image_std)];
  if (!isNormalised) {
    Object.assign(preprocess, { mean: [0], std: [1] });
    because('preprocess.mean [0], std [1]', 'do_normalize');
  } else if (mean !== null && std !== null) {
    Object.assign(preprocess, { mean, std });
    because(`preprocess.mean [${mean.join(', ')}], std [${std.join(', ')}]`, 'image_mean', 'image_std');
  } else if (given.image_mean !== undefined || given.image_std !== undefined) {
    open.push(...notUnderstood(given).open);
  }

  if (take('do_flip_channel_order') === true) {
    preprocess.color_order = 'bgr';
    because('preprocess.color_order "bgr"', 'do_flip_channel_order');
  }
  for (const [key, value] of fields) {
    if (HARMLESS.has(key) || key.startsWith('_') || value === false) continue;
    open.push(`preprocessor_config.json: ${key} ${JSON.stringify(value)}`);
  }
  return { preprocess, taken, open, sizeProblem: geometry.problem ?? null };
}

/** One number for all channels, or one for each. */
function perChannel(value: unknown): number[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isNumbers = list.every((number) => typeof number === 'number');
  return isNumbers && (list.length === 1 || list.length === 3) ? (list as number[]) : null;
}

interface Geometry {
  readonly preprocess: Pick<Partial<Preprocess>, 'resize' | 'crop'>;
  readonly keys: readonly string[];
  readonly open: readonly string[];
  /** The image becomes exactly the input, without a crop. */
  readonly isWhole?: true;
  readonly problem?: string;
}

/** ConvNeXt's processor does not crop to this side or a larger one. */
const CONVNEXT_WHOLE = 384;
const CONVNEXT_RATIO = 224 / 256;

function readGeometry(take: (key: string) => unknown, processor: string): Geometry {
  const isResized = take('do_resize') !== false;
  const [size, cropSize, ratio] = [take('size'), take('crop_size'), take('crop_pct')];
  const isCropped = take('do_center_crop') ?? cropSize !== undefined;
  const isFixed = isCropped === true || !isResized || (typeof size === 'object' && exactSize(size) !== null);
  const maxSize = isFixed ? undefined : take('max_size');
  const keepsRatio = isCropped !== true && isResized && take('keep_aspect_ratio') === true;
  const free = keepsRatio ? keptRatio(size) : isFixed ? null : freeSize(size, maxSize, processor);
  if (free !== null) return { ...notUnderstood({ size, max_size: maxSize }), problem: free };
  const shorter = shorterSide(size);
  const whole = exactSize(size);
  if (isCropped === true) {
    const crop = squareSide(cropSize) ?? exactSize(cropSize) ?? shorterSide(cropSize);
    if (crop === null) return notUnderstood({ size, crop_size: cropSize });
    if (!isResized) return { preprocess: { crop }, keys: ['crop_size'], open: [] };
    // For every processor that crops, a bare number is the shorter side.
    const resize = shorter ?? (typeof size === 'number' ? size : exactSize(size));
    if (resize === null) return notUnderstood({ size, crop_size: cropSize });
    return { preprocess: { resize, crop }, keys: ['size', 'crop_size'], open: [] };
  }
  if (!isResized || size === undefined) return { preprocess: {}, keys: [], open: [] };
  if (/convnext/i.test(processor) && shorter !== null) {
    if (shorter >= CONVNEXT_WHOLE) return squashed({ width: shorter, height: shorter });
    const share = typeof ratio === 'number' ? ratio : CONVNEXT_RATIO;
    const preprocess = { resize: Math.floor(shorter / share), crop: shorter };
    return { preprocess, keys: ['size', 'crop_pct'], open: [] };
  }
  return whole === null ? notUnderstood({ size }) : squashed(whole);
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
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const text = given.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ');
  return { preprocess: {}, keys: [], open: [`preprocessor_config.json: ${text}`] };
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
