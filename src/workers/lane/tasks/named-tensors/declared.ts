/** What the config declares about a graph's inputs and outputs, checked against the graph. Pure. */
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { canCarry, DTYPES, type Dtype } from '../../../../shared/tasks/tensors/dtypes.ts';
import { nearestName } from '../../../../shared/text/nearest-name.ts';
import { elementTypeOf, type ElementType } from './element-types.ts';
import { fits, shapeText, type Shape } from './shape.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

interface Declared {
  readonly batch_axis?: number | null | undefined;
  readonly dtype?: Dtype | undefined;
  readonly shape?: readonly (number | string | null)[] | undefined;
}

/** A tensor of the graph may be called `constructor`. */
export function declaredIn<T>(config: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(config, name) ? config[name] : undefined;
}

export function checkNames(
  what: 'input' | 'output',
  names: readonly string[],
  graph: readonly GraphTensor[],
  configFile: string,
): void {
  const known = graph.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  throw mismatch(
    `${configFile} names the ${what} "${unknown}"`,
    `the graph has ${describeAll(graph)}`,
    near === null ? `name one of them, or remove "${unknown}"` : `did you mean "${near}"?`,
  );
}

/** Throws if onnxruntime-node cannot carry the tensor. */
export function typeOf(what: 'input' | 'output', tensor: GraphTensor): ElementType {
  if (canCarry(tensor)) return elementTypeOf(tensor.type);
  throw mismatch(
    `onnxruntime-node carries only tensors of ${DTYPES.join(', ')}`,
    `the graph's ${what} is ${describeTensor(tensor)}`,
    what === 'input' ? 'export the model in float32' : 'leave it out of "outputs", or export it in float32',
  );
}

export function checkDeclared(
  where: 'inputs' | 'outputs',
  tensor: GraphTensor,
  { dtype }: Declared,
  configFile: string,
): void {
  if (dtype === undefined || dtype === tensor.type) return;
  throw mismatch(
    `${where}.${tensor.name}.dtype in ${configFile} is ${dtype}`,
    `the graph has ${describeTensor(tensor)}`,
    `set it to ${tensor.type}, or remove it`,
  );
}

/**
 * The shape of one row. A number in model.json binds a free dimension. An empty shape in the graph may also mean that the
 * shape is unknown. Then model.json may declare one.
 */
export function rowShape(
  where: 'inputs' | 'outputs',
  tensor: GraphTensor,
  batchAxis: number | null,
  { shape: declared }: Declared,
  configFile: string,
): Shape {
  const named = declared?.map((dim) => dim ?? '');
  const isUnknown = tensor.shape.length === 0 && named !== undefined;
  const rank = isUnknown ? named.length + (batchAxis === null ? 0 : 1) : tensor.shape.length;
  if (batchAxis !== null && batchAxis >= rank) {
    throw mismatch(
      `${where}.${tensor.name}.batch_axis in ${configFile} is ${batchAxis}`,
      `the graph has ${describeTensor(tensor)}`,
      rank === 0 ? 'set it to null, because the tensor has no axes' : `choose an axis from 0 to ${rank - 1}`,
    );
  }
  if (isUnknown) return named;
  const shape = batchAxis === null ? tensor.shape : tensor.shape.toSpliced(batchAxis, 1);
  if (named === undefined) return shape;
  if (fits(named, shape)) return shape.map((dim, axis) => (typeof dim === 'number' ? dim : named[axis]!));
  throw mismatch(
    `${where}.${tensor.name}.shape in ${configFile} is ${shapeText(named)}`,
    `the graph has ${describeTensor(tensor)}, so a row has ${shapeText(shape)}`,
    'correct the shape, or remove it',
  );
}
