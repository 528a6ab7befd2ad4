/** Describes an input or output of a graph. Pure. */
export interface GraphTensor {
  readonly name: string;
  readonly type: string;
  /** Symbolic dimensions are strings. Unknown ones are "". */
  readonly shape: readonly (number | string)[];
}

/** Types of outputs that hold floats. */
export const FLOAT_TYPES: readonly string[] = ['float32', 'float16', 'float64'];

export function isFloat({ type }: GraphTensor): boolean {
  return FLOAT_TYPES.includes(type);
}

export function rankOf({ shape }: GraphTensor): number {
  return shape.length;
}

export type Layout = 'nchw' | 'nhwc';

/** `"scores" float32[N,10]` */
export function describeTensor({ name, type, shape }: GraphTensor): string {
  return `"${name}" ${type}[${shape.map((d) => (d === '' ? '?' : d)).join(',')}]`;
}

export function describeAll(tensors: readonly GraphTensor[]): string {
  return tensors.map(describeTensor).join(' and ') || 'none';
}

/** Drops trailing dimensions of 1: `[N, C, 1, 1]` becomes `[N, C]`. */
export function flattened(shape: readonly (number | string)[]): readonly (number | string)[] {
  let rank = shape.length;
  while (rank > 2 && shape[rank - 1] === 1) rank -= 1;
  return shape.slice(0, rank);
}

/** Whether a tensor of this shape has one number per row and no dimension for it. `[1000]` has no batch. */
export function isNumberPerRow(shape: readonly (number | string)[]): boolean {
  return shape.length === 1 && (typeof shape[0] === 'string' || shape[0] === 1);
}

/**
 * Number of classes of a shape `[batch, classes]`, without trailing dimensions of 1, or of a shape `[batch]`. Null if it
 * is symbolic.
 */
export function classesOf(shape: readonly (number | string)[]): number | null {
  if (shape.length === 1) return 1;
  const classes = flattened(shape)[1];
  return typeof classes === 'number' ? classes : null;
}

/** Where an image input of four dimensions has its channels, by their number or else by their name. */
export function layoutOf(shape: readonly (number | string)[], channels = 3): Layout {
  const [, second, , last] = shape;
  if (second === channels) return 'nchw';
  if (last === channels) return 'nhwc';
  const isChannels = (dim: number | string | undefined) => typeof dim === 'string' && /^c$|chan/i.test(dim);
  return typeof second === 'string' && !isChannels(second) && isChannels(last) ? 'nhwc' : 'nchw';
}

/** Channels, height and width. */
export function imageDims(shape: readonly (number | string)[], channels = 3): readonly (number | string)[] {
  const [, a, b, c] = shape;
  return layoutOf(shape, channels) === 'nhwc' ? [c!, a!, b!] : [a!, b!, c!];
}
