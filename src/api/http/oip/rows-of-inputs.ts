/** Cuts the tensors of a request into the rows that a model's task reads. */
import { isUtf8 } from 'node:buffer';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import { rowFieldsOf, rowKindOf } from '../../../shared/tasks/task-descriptions.ts';
import { inputBatchAxis } from '../../../shared/tasks/tensors/batch-axis.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import type { PredictInput } from '../../online/predict.ts';
import { MAX_VALUES } from '../body/parse-predict.ts';
import { MAX_PREDICT_ROWS } from '../wire/predict.ts';
import { datatypeOf, elementsOf, isBytes, packed, type Elements } from './datatypes.ts';
import { declaredOf, withShape } from './graph-shape.ts';
import type { InputTensor } from './parse-infer.ts';
import { nested, shapeText, sizeOf } from './shape.ts';
import { counted } from '../../../shared/text/counted.ts';

export interface InferModel {
  readonly config: ModelConfig | null;
  /** Null if no worker has loaded it. */
  readonly graphInputs: readonly GraphTensor[] | null;
}

/** Throws ForebayError `invalid_request`. */
export function rowsOfInputs(given: readonly InputTensor[], model: InferModel): PredictInput {
  const kind = rowKindOf(model.config);
  const tensors =
    kind === 'features'
      ? columnsOf(given, model)
      : given.map((tensor) => (kind === 'tensors' ? asScalar(tensor, model) : tensor));
  checkNames(tensors, model);
  const shared = kind === 'tensors' ? sharedInputs(tensors, model) : new Set<InputTensor>();
  const rows = countRows(tensors, shared);
  if (kind === 'image' || kind === 'audio') {
    const files = filesIn(tensors[0]!);
    if (files.length === 1) return { is: 'file', bytes: files[0]! };
    return { is: 'rows', rows: files.map((file) => ({ [kind]: `data:;base64,${file.toString('base64')}` })) };
  }
  checkValues(tensors, kind);
  const readers = tensors.map((tensor) => [tensor.name, readerOf(tensor, kind, shared.has(tensor))] as const);
  return {
    is: 'rows',
    rows: Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(readers.map(([name, read]) => [name, read(row)])),
    ),
  };
}

/** The body of a request without JSON is the only input: one file, or one text. */
export function rawInput(body: Buffer, { config }: InferModel): InputTensor {
  const kind = rowKindOf(config);
  if (kind === 'tensors' || kind === 'features') {
    throw invalid(
      'Only a file or a text can be sent without JSON. Send the tensors with their names and shapes.',
    );
  }
  return { name: kind, datatype: 'BYTES', shape: [1], elements: [body] };
}

/** A single tensor of another name holds all columns of a table, in their order. */
function columnsOf(
  given: readonly InputTensor[],
  { config, graphInputs }: InferModel,
): readonly InputTensor[] {
  const { names } = rowFieldsOf(config, graphInputs);
  const [only, ...others] = given;
  if (names === null || only === undefined || others.length > 0 || names.includes(only.name)) return given;
  const { shape, elements, datatype } = only;
  const [rows, columns] = shape;
  if (shape.length !== 2 || columns !== names.length) return given;
  checkRows(rows!);
  if (datatype === 'FP16') throw noHalf(only.name);
  return names.map((name, column) => {
    const own = Array.from({ length: rows! }, (_, row) => elements[row * columns + column]!);
    return {
      name,
      datatype,
      shape: [rows!],
      elements: isBytes(elements) ? (own as Buffer[]) : (elementsOf(datatype, own) as Elements),
    };
  });
}

/** Triton has no shape for a scalar, so clients send one element. */
function asScalar(tensor: InputTensor, { config, graphInputs }: InferModel): InputTensor {
  const graph = graphInputs?.find(({ name }) => name === tensor.name);
  const isOne = tensor.shape.length === 1 && tensor.shape[0] === 1;
  const isScalar = graph !== undefined && withShape(graph, 'inputs', config).shape.length === 0;
  return isOne && isScalar ? { ...tensor, shape: [] } : tensor;
}

function checkNames(tensors: readonly InputTensor[], { config, graphInputs }: InferModel): void {
  const { names, needed } = rowFieldsOf(config, graphInputs);
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) throw invalid(`The input "${name}" comes twice.`);
    seen.add(name);
    if (name === '__proto__') throw invalid('The name "__proto__" cannot be used.');
    if (names === null || names.includes(name)) continue;
    const near = nearestName(name, names);
    const hint = near === null ? '' : ` Did you mean "${near}"?`;
    throw invalid(`The model has no input "${name}".${hint} It reads ${quoted(names)}.`);
  }
  const missing = needed.find((name) => !seen.has(name));
  if (missing !== undefined)
    throw invalid(`The input "${missing}" is missing. The model needs ${quoted(needed)}.`);
}

/** Inputs that have no batch axis. Throws if an input does not fit the graph. */
function sharedInputs(
  tensors: readonly InputTensor[],
  { config, graphInputs }: InferModel,
): Set<InputTensor> {
  const shared = new Set<InputTensor>();
  for (const tensor of tensors) {
    const graph = graphInputs?.find(({ name }) => name === tensor.name);
    if (graph === undefined) continue;
    checkTensor(tensor, withShape(graph, 'inputs', config));
    const axis = inputBatchAxis(graph, declaredOf(config, 'inputs', graph.name));
    if (axis === null) shared.add(tensor);
    else if (axis > 0) {
      throw new ForebayError(
        'not_supported',
        `The rows of "${graph.name}" lie along axis ${axis}. Use POST /v1/models/NAME/predict for such models.`,
      );
    }
  }
  return shared;
}

function checkTensor({ name, datatype, shape }: InputTensor, graph: GraphTensor): void {
  const wanted = datatypeOf(graph.type);
  const fits =
    graph.shape.length === shape.length &&
    graph.shape.every((dim, axis) => typeof dim === 'string' || dim === shape[axis]);
  if (datatype === wanted && fits) return;
  // A graph may have axes without saying so.
  const advice =
    graph.shape.length > 0 ? '' : ` If it is no scalar, declare inputs.${name}.shape in model.json.`;
  throw invalid(
    `The input "${name}" must be ${wanted} ${shapeText(graph.shape)}; it came as ${datatype} ${shapeText(shape)}.${advice}`,
  );
}

function countRows(tensors: readonly InputTensor[], shared: ReadonlySet<InputTensor>): number {
  const [first, ...others] = tensors.filter((tensor) => !shared.has(tensor));
  if (first === undefined) return 1;
  for (const tensor of [first, ...others]) {
    if (tensor.shape.length === 0) throw invalid(`The input "${tensor.name}" has no axis of rows.`);
    if (tensor.shape[0] === first.shape[0]) continue;
    throw invalid(
      `"${first.name}" has ${counted(first.shape[0]!, 'row')}, and "${tensor.name}" has ${tensor.shape[0]}: the first axis of all inputs is the row.`,
    );
  }
  const rows = first.shape[0]!;
  checkRows(rows);
  return rows;
}

function checkRows(rows: number): void {
  if (rows >= 1 && rows <= MAX_PREDICT_ROWS) return;
  throw invalid(`A request has 1 to ${MAX_PREDICT_ROWS} rows; this one has ${rows}.`);
}

/** Numbers of named tensors stay bytes. Everything else becomes values of JSON. */
function checkValues(tensors: readonly InputTensor[], kind: RowKind): void {
  const values = tensors
    .filter(({ elements }) => kind !== 'tensors' || isBytes(elements))
    .reduce((sum, { elements }) => sum + elements.length, 0);
  if (values <= MAX_VALUES) return;
  throw new ForebayError(
    'request_too_large',
    `The tensors have ${values} elements, and at most ${MAX_VALUES} are answered at once. Send fewer rows, or submit a job.`,
  );
}

function filesIn({ name, datatype, shape, elements }: InputTensor): readonly Buffer[] {
  if (isBytes(elements) && elements.length === shape[0]) return elements;
  throw invalid(
    `The input "${name}" must be BYTES [-1], one file per row; it came as ${datatype} ${shapeText(shape)}.`,
  );
}

/** Reads the value of a row. */
function readerOf(tensor: InputTensor, kind: RowKind, isShared: boolean): (row: number) => unknown {
  const { name, datatype, elements } = tensor;
  const shape = isShared ? tensor.shape : tensor.shape.slice(1);
  const size = sizeOf(shape);
  const from = (row: number) => (isShared ? 0 : row * size);
  if (size === 0 && (isBytes(elements) || kind !== 'tensors')) {
    throw invalid(`The input "${name}" has no elements, because its shape is ${shapeText(tensor.shape)}.`);
  }
  if (isBytes(elements)) {
    const texts = elements.map((element) => textOf(name, element));
    return (row) => nested(texts, onlyOne(kind, shape), from(row));
  }
  if (kind === 'text') {
    throw invalid(
      `The input "${name}" must be BYTES [-1]; it came as ${datatype} ${shapeText(tensor.shape)}.`,
    );
  }
  if (kind === 'tensors') {
    return (row) => {
      const own = packed(elements.subarray(from(row), from(row) + size));
      return { base64: own.toString('base64'), shape };
    };
  }
  if (datatype === 'FP16') throw noHalf(name);
  const values = Array.from(elements as ArrayLike<number | bigint>, (value) => plain(name, datatype, value));
  return (row) => nested(values, onlyOne(kind, shape), from(row));
}

/** A column may come as [rows, 1]. */
function onlyOne(kind: RowKind, shape: readonly number[]): readonly number[] {
  return kind !== 'tensors' && shape.length === 1 && shape[0] === 1 ? [] : shape;
}

/** A value as JSON takes it. */
function plain(name: string, datatype: string, value: number | bigint): number | boolean {
  const number = Number(value);
  if (typeof value === 'bigint' && !Number.isSafeInteger(number)) {
    throw invalid(`The input "${name}" has the value ${value}, which is too large for a field of a record.`);
  }
  if (number === Infinity || number === -Infinity)
    throw invalid(`The input "${name}" has the value ${number}, which a field of a record cannot hold.`);
  return datatype === 'BOOL' ? number !== 0 : number;
}

function textOf(name: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw invalid(`The input "${name}" must hold texts in UTF-8.`);
}

function noHalf(name: string): ForebayError {
  return invalid(`The input "${name}" is FP16, which a record cannot hold. Send FP32.`);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function invalid(message: string): ForebayError {
  return new ForebayError('invalid_request', message);
}
