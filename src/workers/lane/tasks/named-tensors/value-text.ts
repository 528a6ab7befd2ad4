/** The JSON text of a tensor: nested lists, a single element if it has no dimensions, or base64. */
import { elementBytes } from '../../../../shared/tasks/tensors/dtypes.ts';
import type { Elements, ElementType } from './element-types.ts';
import { elementsIn } from './shape.ts';

export function listText(type: ElementType, elements: Elements, shape: readonly number[]): string {
  if (shape.length === 0) return type.list(elements, 0, 1);
  const lengths = shape.map((_, axis) => elementsIn(shape.slice(axis + 1)));

  function list(axis: number, at: number): string {
    const size = shape[axis]!;
    if (axis === shape.length - 1) return `[${type.list(elements, at, size)}]`;
    let items = '';
    for (let i = 0; i < size; i++) {
      items += `${i === 0 ? '' : ','}${list(axis + 1, at + i * lengths[axis]!)}`;
    }
    return `[${items}]`;
  }

  return list(0, 0);
}

/** `{"base64","dtype","shape"}`, as an input takes it. Strings have no such text. */
export function base64Text(type: ElementType, elements: Elements, shape: readonly number[]): string {
  if (Array.isArray(elements)) throw new TypeError('strings are not answered as base64');
  const { buffer, byteOffset, length } = elements;
  const bytes = Buffer.from(buffer, byteOffset, length * elementBytes(type.dtype));
  return `{"base64":"${bytes.toString('base64')}","dtype":"${type.dtype}","shape":[${shape.join(',')}]}`;
}
