/**
 * Reads a graph's inputs, outputs, operators and metadata straight from the protobuf of an ONNX file, without a runtime. Field
 * numbers are those of onnx.proto3 (ONNX 1.17).
 */
import { ForebayError } from '../errors.ts';
import { elementName } from './element-names.ts';
import { FIRST_WITH_DEFAULTS, IR_VERSION } from './external-data.ts';
import type { GraphTensor } from './graph-tensor.ts';

export interface GraphFace {
  /** Inputs that need a value. */
  readonly inputs: readonly GraphTensor[];
  /** Inputs for which the graph has a value. */
  readonly defaults: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Operators by the names of their output values. */
  readonly operators: ReadonlyMap<string, { readonly type: string; readonly inputs: readonly string[] }>;
  /** What the exporter wrote about the model, by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Throws ForebayError `model_load_failed` if the bytes are not an ONNX model. */
export function readGraphFace(bytes: Buffer): GraphFace {
  try {
    const graph = one(bytes, 7);
    if (graph === undefined) throw new Error('it holds no graph');
    const weights = new Set(all(graph, 5).map((tensor) => text(tensor, 8)));
    const inputs = all(graph, 11).map(readTensor);
    const hasValue = ({ name }: GraphTensor) => weights.has(name);
    return {
      inputs: inputs.filter((input) => !hasValue(input)),
      defaults: (number(bytes, IR_VERSION) ?? 0) < FIRST_WITH_DEFAULTS ? [] : inputs.filter(hasValue),
      outputs: all(graph, 12).map(readTensor),
      operators: new Map(all(graph, 1).flatMap(readOperator)),
      metadata: new Map(all(bytes, 14).map((entry) => [text(entry, 1), text(entry, 2)])),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ForebayError('model_load_failed', `not an ONNX model: ${why}`, { cause });
  }
}

function readTensor(value: Buffer): GraphTensor {
  const type = one(value, 2) ?? EMPTY;
  const tensor = one(type, 1) ?? EMPTY;
  // A sequence or a map. A value for which the graph gives no type is "undefined".
  if (type.length > 0 && tensor.length === 0)
    return { name: text(value, 1), type: 'not a tensor', shape: [] };
  const element = number(tensor, 1) ?? 0;
  const shape = all(one(tensor, 2) ?? EMPTY, 1).map((dim) => size(number(dim, 1)) ?? text(dim, 2));
  return { name: text(value, 1), type: elementName(element), shape };
}

/** Some exporters write an unknown dimension as -1. It is read without a sign, so it comes out near 2^64. */
function size(dim: number | undefined): number | undefined {
  return dim === undefined || dim < 2 ** 63 ? dim : undefined;
}

function readOperator(node: Buffer): [string, { type: string; inputs: string[] }][] {
  const operator = { type: text(node, 4), inputs: all(node, 1).map(String) };
  return all(node, 2).map((output) => [String(output), operator]);
}

const EMPTY = Buffer.alloc(0);

/** All length-delimited values of a field. */
function all(message: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  for (const entry of entries(message)) {
    if (entry.field === field && typeof entry.value !== 'number') found.push(entry.value);
  }
  return found;
}

function one(message: Buffer, field: number): Buffer | undefined {
  return all(message, field).at(-1);
}

function text(message: Buffer, field: number): string {
  return one(message, field)?.toString('utf8') ?? '';
}

function number(message: Buffer, field: number): number | undefined {
  for (const entry of entries(message)) {
    if (entry.field === field && typeof entry.value === 'number') return entry.value;
  }
  return undefined;
}

/** The wire format: varints, fixed 64 and 32 bits (read as 0), and length-delimited bytes, which are not copied. */
function* entries(message: Buffer): Generator<{ field: number; value: number | Buffer }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at];
      if (byte === undefined || factor > 2 ** 63) throw new Error('it is cut off or damaged');
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
      yield { field, value: 0 };
    } else if (wire === 2) {
      const length = varint();
      if (at + length > message.length) throw new Error('it is cut off or damaged');
      yield { field, value: message.subarray(at, at + length) };
      at += length;
    } else throw new Error(`it uses wire type ${wire}`);
  }
}
