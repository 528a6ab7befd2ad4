/** An input or output of a graph, as the graph describes it. Pure. */
export interface GraphTensor {
  readonly name: string;
  readonly type: string;
  /** Symbolic dimensions are strings, unknown ones "". */
  readonly shape: readonly (number | string)[];
}

export type Layout = 'nchw' | 'nhwc';

/** `"scores" float32[N,10]` */
export function describeTensor({ name, type, shape }: GraphTensor): string {
  return `"${name}" ${type}[${shape.map((d) => (d === '' ? '?' : d)).join(',')}]`;
}

export function describeAll(tensors: readonly GraphTensor[]): string {
  return tensors.map(describeTensor).join(' and ') || 'none';
}

/** `[N, C, 1, 1]` is `[N, C]`. */
export function flattened(shape: readonly (number | string)[]): readonly (number | string)[] {
  let rank = shape.length;
  while (rank > 2 && shape[rank - 1] === 1) rank -= 1;
  return shape.slice(0, rank);
}

/** Classes of a shape `[batch, classes]`, trailing dimensions of 1 left out; null when symbolic. */
export function classesOf(shape: readonly (number | string)[]): number | null {
  const classes = flattened(shape)[1];
  return typeof classes === 'number' ? classes : null;
}

/** Of an image input of four dimensions: where the graph puts its channels, by number or else by name. */
export function layoutOf(shape: readonly (number | string)[]): Layout {
  const [, second, , last] = shape;
  if (second === 3) return 'nchw';
  if (last === 3) return 'nhwc';
  const isChannels = (dim: number | string | undefined) => typeof dim === 'string' && /^c$|chan/i.test(dim);
  return typeof second === 'string' && !isChannels(second) && isChannels(last) ? 'nhwc' : 'nchw';
}

/** Channels, height and width. */
export function imageDims(shape: readonly (number | string)[]): readonly (number | string)[] {
  const [, a, b, c] = shape;
  return layoutOf(shape) === 'nhwc' ? [c!, a!, b!] : [a!, b!, c!];
}
