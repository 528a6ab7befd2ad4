/** Reads the value of one input from `{"base64": "...", "shape": [...]}`: the elements' bytes, little-endian. */
import { elementBytes } from '../../../../shared/tasks/tensors/dtypes.ts';
import type { ElementBuffer } from './element-buffer.ts';
import { shown, unexpected, type Expected, type ValueReading } from './expected.ts';
import { elementsIn, fits, isFixed, shapeText } from './shape.ts';

type Encoded = Readonly<Record<string, unknown>>;

const FIELDS: readonly string[] = ['base64', 'shape', 'dtype'];

/** Adds the elements to the buffer, or none if the value is wrong. Throws if there is no memory. */
export function readBase64(value: Encoded, expected: Expected, buffer: ElementBuffer): ValueReading {
  const { type } = expected;
  const refuse = (came: string) => unexpected(expected, came);
  const { base64, dtype = type.dtype, shape: given } = value;
  const foreign = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (foreign !== undefined || typeof base64 !== 'string') {
    return refuse(`got an object; the only objects are {"base64": "...", "shape": [...]}`);
  }
  if (dtype !== type.dtype) return refuse(`got base64 of dtype ${shown(dtype)}`);
  if (type.dtype === 'string') return refuse('got base64; give strings as lists');
  const shape = given ?? (isFixed(expected.shape) ? expected.shape : undefined);
  if (shape === undefined) return refuse('got base64 without its "shape"');
  if (!isShape(shape)) return refuse('got base64 whose "shape" is not a list of whole numbers');
  if (!fits(shape, expected.shape)) return refuse(`got base64 of shape ${shapeText(shape)}`);
  const length = elementsIn(shape);
  const bytes = length * elementBytes(type.dtype);
  const characters = base64.replace(/={1,2}$/, '').length;
  const held = Math.floor((characters * 3) / 4);
  if (held !== bytes) return refuse(`got base64 of ${held} bytes; shape ${shapeText(shape)} takes ${bytes}`);
  const at = buffer.room(length);
  const to = bytesOf(buffer, at, length);
  if (to.write(base64, 'base64') !== bytes || characters % 4 === 1) {
    return refuse('got text that is not base64');
  }
  if (type.dtype === 'bool' && to.some((byte) => byte > 1)) return refuse('got base64 with bytes above 1');
  buffer.keep(length);
  return { ok: true, shape };
}

function isShape(shape: unknown): shape is readonly number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** The bytes of these elements, which are numbers. */
function bytesOf({ data }: ElementBuffer, at: number, length: number): Buffer {
  if (Array.isArray(data)) return Buffer.alloc(0);
  const part = data.subarray(at, at + length);
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
}
