/** Puts the answers of rows together as tensors. */
import { isJsonObject } from '../../../shared/text/is-json-object.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { datatypeOf, elementsOf, isBytes, numbersIn, packed, type Datatype } from './datatypes.ts';
import { flat, shapeOf, shapeText, sizeOf } from './shape.ts';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** In row-major order. Texts for BYTES. */
  readonly data: readonly unknown[];
}

/** The whole answer of a row as JSON. */
export const ANSWER = 'answer';

interface Prediction {
  /** Code of users may leave it out. */
  readonly index?: number;
  readonly label?: string;
  readonly score: number;
}

/** Code of users may answer anything in these fields. */
interface Answer {
  readonly predictions?: unknown;
  readonly embedding?: unknown;
  readonly value?: unknown;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/**
 * `wanted`: names. Null: all, without the whole answers if there is something else. Throws ForebayError with the code of
 * the first row that failed, because the protocol has no errors per row, or `invalid_request`.
 */
export function outputsOfRows(
  outcomes: readonly RowOutcome[],
  graph: readonly GraphTensor[] | null,
  wanted: readonly string[] | null,
): OutputTensor[] {
  const texts = outcomes.map((outcome, row) => {
    if (outcome.ok) return `{${outcome.result}}`;
    const where = outcomes.length === 1 ? '' : `Row ${row}: `;
    throw new ForebayError(outcome.error.code, where + outcome.error.message);
  });
  const hasLong = graph?.some(({ type }) => type === 'int64' || type === 'uint64') ?? false;
  const answers = texts.map((text) => JSON.parse(hasLong ? quoteLong(text) : text) as Answer);
  const makers = makersOf(answers, graph ?? []);
  if (wanted === null && makers.size > 0) return [...makers.values()].map((make) => make());
  makers.set(ANSWER, () => ({ name: ANSWER, datatype: 'BYTES', shape: [texts.length], data: texts }));
  return (wanted ?? [ANSWER]).map((name) => {
    const make = makers.get(name);
    if (make !== undefined) return make();
    throw invalid(`The model has no output "${name}". It has ${[...makers.keys()].join(', ')}.`);
  });
}

/** Integers that a double cannot hold become texts. */
function quoteLong(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
  );
}

function makersOf(
  answers: readonly Answer[],
  graph: readonly GraphTensor[],
): Map<string, () => OutputTensor> {
  const makers = new Map<string, () => OutputTensor>();
  const add = (name: string, datatype: Datatype, values: () => readonly unknown[]) =>
    makers.set(name, () => stacked(name, datatype, values()));
  const lists = answers.map(({ predictions }) => predictions);
  if (lists.every(isScored)) {
    const most = Math.max(...lists.map(({ length }) => length));
    // A threshold leaves some rows with fewer classes.
    const none: Prediction = { index: -1, label: '', score: 0 };
    const filled = lists.map((list) => [...list, ...Array.from({ length: most - list.length }, () => none)]);
    const isNamed = lists.some((list) => list.some(({ label }) => label !== undefined));
    if (isNamed) add('label', 'BYTES', () => filled.map((list) => list.map(({ label }) => label ?? '')));
    add('score', 'FP32', () => filled.map((list) => list.map(({ score }) => score)));
    if (filled.every((list) => list.every(({ index }) => index !== undefined)))
      add('index', 'INT32', () => filled.map((list) => list.map(({ index }) => index)));
  }
  if (answers.every(({ embedding }) => Array.isArray(embedding) && embedding.every(isNumber))) {
    add('embedding', 'FP32', () => answers.map(({ embedding }) => embedding));
  }
  if (answers.every(({ value }) => isNumber(value))) {
    add('value', 'FP64', () => answers.map(({ value }) => value));
  }
  for (const name of Object.keys(answers[0]?.outputs ?? {})) {
    if (!answers.every(({ outputs }) => outputs !== undefined && Object.hasOwn(outputs, name))) continue;
    const tensor = graph.find((one) => one.name === name);
    makers.set(name, () =>
      graphOutput(
        name,
        tensor,
        answers.map(({ outputs }) => outputs![name]),
      ),
    );
  }
  return makers;
}

function isScored(value: unknown): value is readonly Prediction[] {
  return Array.isArray(value) && value.every((one) => isJsonObject(one) && isNumber(one['score']));
}

/** A number, or one that has been quoted. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d{16,}$/.test(value));
}

function graphOutput(name: string, graph: GraphTensor | undefined, values: readonly unknown[]): OutputTensor {
  const lists = values.map(plainLists);
  const shape = shapeOf(lists[0]);
  const datatype = (graph && outputDatatype(graph.type)) ?? guessed(flat(lists[0])[0]);
  const whole = stacked(name, datatype, lists);
  // A graph without a batch axis answers one row at a time, and its output belongs to that row.
  return lists.length === 1 && graph?.shape.length === shape.length && shape.length > 0
    ? { ...whole, shape }
    : whole;
}

/** Half floats are answered as FP32, because JSON answers do not hold their bits. */
export function outputDatatype(type: string): Datatype | null {
  return type === 'float16' ? 'FP32' : datatypeOf(type);
}

function guessed(value: unknown): Datatype {
  if (typeof value === 'boolean') return 'BOOL';
  return typeof value === 'string' ? 'BYTES' : 'FP64';
}

/** Nested lists, even of a value that model.json wants as base64. */
function plainLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { base64, dtype, shape } = value as { base64: string; dtype: string; shape: readonly number[] };
  const datatype = datatypeOf(dtype);
  if (datatype === null || datatype === 'BYTES' || datatype === 'FP16') {
    throw new ForebayError(
      'not_supported',
      `Base64 of ${dtype} cannot be answered here. Use POST /v1/models/NAME/predict.`,
    );
  }
  const numbers: unknown[] = Array.from(
    numbersIn(datatype, Buffer.from(base64, 'base64')) as ArrayLike<unknown>,
  );
  return shape.reduceRight<unknown[]>((list, dim, axis) => (axis === 0 ? list : chunks(list, dim)), numbers);
}

function chunks(list: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

/** The values of rows, one after the other. */
function stacked(name: string, datatype: Datatype, values: readonly unknown[]): OutputTensor {
  const inner = shapeOf(values[0]);
  const data = values.flatMap((value) => {
    const shape = shapeOf(value);
    if (shapeText(shape) === shapeText(inner)) return flat(value);
    throw invalid(
      `The rows have values of different shapes in "${name}", such as ${shapeText(inner)} and ${shapeText(shape)}. Ask for one row at a time, or for the output "${ANSWER}".`,
    );
  });
  const isLong = datatype === 'INT64' || datatype === 'UINT64';
  return {
    name,
    datatype,
    shape: [values.length, ...inner],
    data: isLong
      ? data.map((value) => BigInt(value as string | number))
      : data.map((v) => unquoted(datatype, v)),
  };
}

/** A number of another output may have been quoted, too. */
function unquoted(datatype: Datatype, value: unknown): unknown {
  return datatype !== 'BYTES' && typeof value === 'string' ? Number(value) : value;
}

/** As JSON. */
export function dataText({ data, datatype }: OutputTensor): string {
  return datatype.endsWith('INT64') ? `[${data.join(',')}]` : JSON.stringify(data);
}

/** As binary data. */
export function dataBytes(tensor: OutputTensor): Buffer {
  const elements = elementsOf(tensor.datatype, tensor.data);
  if (typeof elements === 'number' || (!isBytes(elements) && elements.length !== sizeOf(tensor.shape))) {
    throw new ForebayError('invalid_answer', `The output "${tensor.name}" is not ${tensor.datatype}.`);
  }
  return packed(elements);
}

function invalid(message: string): ForebayError {
  return new ForebayError('invalid_request', message);
}
