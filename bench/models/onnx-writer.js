/**
 * Writes ONNX files (ir 8, opset 17). Generates weights one at a time while writing, so that hundreds of megabytes need
 * little memory. The field numbers are those of onnx.proto3.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const IR_VERSION = 8;
const OPSET = 17;
export const FLOAT = 1;
export const INT64 = 7;
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 };

/**
 * @typedef {{ name: string, dims: number[], type: number, bytes: number, data: () => Uint8Array }} Weight
 * @typedef {{ name: string, type: number, dims: (number | string)[] }} Value
 */

/** Collects a graph and writes it. @param {string} name */
export function createGraph(name) {
  /** @type {Uint8Array[]} */
  const nodes = [];
  /** @type {Weight[]} */
  const weights = [];
  let made = 0;

  /**
   * Adds a node and returns the name of its only output. Whole numbers become int attributes, others float. Write a
   * whole float as `{ float: 1 }`.
   */
  function node(type, inputs, attributes = {}, output = `v${++made}`) {
    const writer = new BinaryWriter();
    for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
    writer.tag(2, WireType.LengthDelimited).string(output);
    writer.tag(4, WireType.LengthDelimited).string(type);
    for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, key, value);
    nodes.push(writer.finish());
    return output;
  }

  /**
   * @param {number[]} dims
   * @param {(count: number) => Float32Array} fill is called when the weight is written
   */
  function weight(dims, fill) {
    const count = dims.reduce((product, size) => product * size, 1);
    const data = () => new Uint8Array(fill(count).buffer);
    weights.push({ name: `w${weights.length}`, dims, type: FLOAT, bytes: count * 4, data });
    return weights.at(-1).name;
  }

  /**
   * @param {number[]} values
   * @param {number[]} [dims]
   */
  function ints(values, dims = [values.length]) {
    const data = () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    weights.push({ name: `w${weights.length}`, dims, type: INT64, bytes: values.length * 8, data });
    return weights.at(-1).name;
  }

  const scalar = (value) => weight([], () => Float32Array.of(value));

  /**
   * @param {string} path
   * @param {{ inputs: Value[], outputs: Value[] }} signature
   */
  function write(path, { inputs, outputs }) {
    const before = new BinaryWriter();
    for (const bytes of nodes) before.tag(1, WireType.LengthDelimited).bytes(bytes);
    before.tag(2, WireType.LengthDelimited).string(name);
    for (const input of inputs) writeValue(before, 11, input);
    for (const output of outputs) writeValue(before, 12, output);
    const rest = before.finish();
    const heads = weights.map(headOf);
    const length = rest.length + weights.reduce((sum, one, i) => sum + heads[i].length + one.bytes, 0);

    const model = new BinaryWriter();
    model.tag(1, WireType.Varint).int64(IR_VERSION);
    model.tag(2, WireType.LengthDelimited).string('forebay bench');
    model.tag(8, WireType.LengthDelimited).fork().tag(2, WireType.Varint).int64(OPSET).join();
    model.tag(7, WireType.LengthDelimited).uint32(length);
    const file = openSync(path, 'w');
    try {
      writeSync(file, model.finish());
      writeSync(file, rest);
      for (const [i, one] of weights.entries()) {
        writeSync(file, heads[i]);
        writeSync(file, one.data());
      }
    } finally {
      closeSync(file);
    }
  }

  return { node, weight, ints, scalar, write };
}

/** All fields of a weight except its bytes, which follow them in the file. @param {Weight} weight */
function headOf({ name, dims, type, bytes }) {
  const inner = new BinaryWriter();
  for (const size of dims) inner.tag(1, WireType.Varint).int64(size);
  inner.tag(2, WireType.Varint).int32(type);
  inner.tag(8, WireType.LengthDelimited).string(name);
  inner.tag(9, WireType.LengthDelimited).uint32(bytes);
  const head = inner.finish();
  const prefix = new BinaryWriter().tag(5, WireType.LengthDelimited).uint32(head.length + bytes);
  return Buffer.concat([prefix.finish(), head]);
}

function writeAttribute(writer, name, value) {
  writer.tag(5, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (Array.isArray(value)) {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    writer.tag(20, WireType.Varint).int32(ATTRIBUTE.ints);
  } else if (typeof value === 'object' || !Number.isInteger(value)) {
    writer.tag(2, WireType.Bit32).float(value.float ?? value);
    writer.tag(20, WireType.Varint).int32(ATTRIBUTE.float);
  } else {
    writer.tag(3, WireType.Varint).int64(value);
    writer.tag(20, WireType.Varint).int32(ATTRIBUTE.int);
  }
  writer.join();
}

/** @param {Value} value */
function writeValue(writer, field, { name, type, dims }) {
  writer.tag(field, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name);
  writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(type);
  writer.tag(2, WireType.LengthDelimited).fork();
  for (const size of dims) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (typeof size === 'number') writer.tag(1, WireType.Varint).int64(size);
    else writer.tag(2, WireType.LengthDelimited).string(size);
    writer.join();
  }
  writer.join().join().join().join();
}
