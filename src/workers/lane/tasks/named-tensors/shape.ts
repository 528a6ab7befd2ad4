/** Shapes of tensors. Pure. */

/** A symbolic dimension is a string and may have any size. */
export type Shape = readonly (number | string)[];

export function elementsIn(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function isFixed(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

/** Whether a tensor of the shape `given` fits a graph's tensor of shape `shape`. */
export function fits(given: Shape, shape: Shape): boolean {
  return (
    given.length === shape.length &&
    shape.every(
      (dim, axis) => typeof dim === 'string' || typeof given[axis] === 'string' || dim === given[axis],
    )
  );
}

/** `[2,N]`, cut off if it is long. */
export function shapeText(shape: Shape): string {
  const text = shape
    .slice(0, MOST_SHOWN)
    .map((dim) => (dim === '' ? '?' : dim))
    .join(',');
  return shape.length > MOST_SHOWN ? `[${text},...]` : `[${text}]`;
}

const MOST_SHOWN = 8;
