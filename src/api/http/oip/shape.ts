/** Shapes of tensors, and nested lists. */

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.map((dim) => (typeof dim === 'number' ? dim : -1)).join(',')}]`;
}

/** The shape of nested lists, as their first items show it. */
export function shapeOf(value: unknown): number[] {
  const shape: number[] = [];
  for (let item = value; Array.isArray(item); item = item[0] as unknown) shape.push(item.length);
  return shape;
}

export function isNestedAs(value: unknown, [length, ...inner]: readonly number[]): boolean {
  if (length === undefined) return !Array.isArray(value);
  return Array.isArray(value) && value.length === length && value.every((item) => isNestedAs(item, inner));
}

/** The elements of nested lists. */
export function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flat(Infinity) : [value];
}

/** The elements from `at` on as nested lists, or one element for a shape without dimensions. */
export function nested(elements: ArrayLike<unknown>, shape: readonly number[], at = 0): unknown {
  const [length, ...inner] = shape;
  if (length === undefined) return elements[at];
  const step = sizeOf(inner);
  return Array.from({ length }, (_, i) => nested(elements, inner, at + i * step));
}
