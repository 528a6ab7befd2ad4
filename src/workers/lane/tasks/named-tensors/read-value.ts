/** Reads the value of one input from JSON: nested lists, or a single element for a tensor without dimensions, or base64. */
import type { ElementBuffer } from './element-buffer.ts';
import type { Elements, ElementType } from './element-types.ts';
import { shown, unexpected, type Expected, type ValueReading } from './expected.ts';
import { readBase64 } from './read-base64.ts';
import { elementsIn, fits, shapeText, type Shape } from './shape.ts';

/** Adds the elements to the buffer, or none if the value is wrong. Throws if there is no memory. */
export function readValue(value: unknown, expected: Expected, buffer: ElementBuffer): ValueReading {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return readBase64(value as Readonly<Record<string, unknown>>, expected, buffer);
  }
  const { type } = expected;
  const shape = shapeOfLists(value, expected.shape);
  if (!fits(shape, expected.shape)) {
    const came = shape.length === 0 ? shown(value) : `${shapeText(shape)}${hint(shape, expected)}`;
    return unexpected(expected, `got ${came}`);
  }
  const length = elementsIn(shape);
  const at = buffer.room(length);
  const problem = Array.isArray(value)
    ? writeList(value, type, shape, buffer.data, at)
    : writeScalar(value, type, buffer.data, at);
  if (problem !== null) return unexpected(expected, problem);
  buffer.keep(length);
  return { ok: true, shape };
}

/**
 * The shape as the first items show it. An empty list does not show its inner dimensions, so the expected ones are taken, and 0
 * for a symbolic one.
 */
function shapeOfLists(value: unknown, expected: Shape): readonly number[] {
  const shape: number[] = [];
  let item = value;
  while (Array.isArray(item)) {
    shape.push(item.length);
    item = item[0] as unknown;
  }
  if (shape.at(-1) !== 0) return shape;
  const inner = expected.slice(shape.length).map((dim) => (typeof dim === 'number' ? dim : 0));
  return [...shape, ...inner];
}

function writeScalar(value: unknown, type: ElementType, to: Elements, at: number): string | null {
  return type.write(to, at, [value]) < 0 ? null : `got ${shown(value)}; ${takes(type)}`;
}

function writeList(
  list: readonly unknown[],
  type: ElementType,
  shape: readonly number[],
  to: Elements,
  at: number,
): string | null {
  const lengths = shape.map((_, axis) => elementsIn(shape.slice(axis + 1)));
  const problem = writeLists(list, { type, to, shape, lengths }, 0, at);
  return problem === null ? null : `but ${problem.path} ${problem.what}`;
}

interface Target {
  readonly type: ElementType;
  readonly to: Elements;
  readonly shape: readonly number[];
  /** Per axis: how many elements one item of a list on that axis holds. */
  readonly lengths: readonly number[];
}

interface Problem {
  /** Where it is, such as `[0][3]`. */
  readonly path: string;
  readonly what: string;
}

function writeLists(list: readonly unknown[], target: Target, axis: number, at: number): Problem | null {
  const { type, to, shape, lengths } = target;
  if (list.length !== shape[axis]) {
    return { path: '', what: `has ${list.length} instead of ${shape[axis]} items` };
  }
  if (axis === shape.length - 1) {
    const wrong = type.write(to, at, list);
    return wrong < 0 ? null : { path: `[${wrong}]`, what: `is ${shown(list[wrong])}; ${takes(type)}` };
  }
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    const problem = Array.isArray(item)
      ? writeLists(item, target, axis + 1, at + i * lengths[axis]!)
      : { path: '', what: `is ${shown(item)} instead of a list` };
    if (problem !== null) return { ...problem, path: `[${i}]${problem.path}` };
  }
  return null;
}

function takes({ dtype, takes: what }: ElementType): string {
  return `${dtype} takes ${what}`;
}

function hint(shape: readonly number[], expected: Expected): string {
  const [first, ...rest] = shape;
  return first === 1 && fits(rest, expected.shape) ? "; a row's value has no batch dimension" : '';
}
