// Writes ONNX models for tests, with its own protobuf encoder. It covers the part of onnx.proto3 that the tests need.

export type Dim = number | string;
export type ElementType = keyof typeof ELEMENT;

export interface Value {
  readonly name: string;
  /** `maps` is a list of maps from int64 to float32, as ZipMap returns it. All others are tensors. */
  readonly type: ElementType | 'maps';
  /** Null if the graph does not state the shape. */
  readonly shape: readonly Dim[] | null;
  /** The value is a sequence of tensors of this type and shape. */
  readonly isSequence?: true;
}

export interface Operator {
  readonly type: string;
  /** Absent for a standard operator of ONNX. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[] | AttributeValue>>;
}

/** Attribute values that are not numbers. */
export type AttributeValue = { readonly tensor: Weights } | { readonly graph: Graph };

export interface Weights {
  readonly name: string;
  readonly type: 'float32' | 'int64';
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** The file beside the graph that should hold the data. See contentOf. */
  readonly location?: string;
}

export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly operators: readonly Operator[];
  readonly weights: readonly Weights[];
  /** Tensors that keep only non-zero values: `values` at flat `indices` of `shape`. */
  readonly sparse?: readonly {
    readonly values: Weights;
    readonly indices: Weights;
    readonly shape: readonly number[];
  }[];
}

/** The bytes of a `model.onnx`. */
export function writeOnnx(
  graph: Graph,
  more: {
    readonly ir?: number;
    readonly opset?: number;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): Buffer {
  const { ir = 8, opset = 13, metadata = {} } = more;
  const domains = new Set(graph.operators.map(({ domain = '' }) => domain).filter((domain) => domain !== ''));
  const imports = [['', opset] as const, ...[...domains].map((domain) => [domain, 1] as const)];
  return Buffer.concat([
    int(1, ir),
    bytes(7, body(graph)),
    ...imports.map(([domain, version]) => bytes(8, Buffer.concat([string(1, domain), int(2, version)]))),
    ...Object.entries(metadata).map(([name, v]) => bytes(14, Buffer.concat([string(1, name), string(2, v)]))),
  ]);
}

/** The bytes of the tensor's data, for the graph or for its own file. */
export function contentOf({ type, data }: Weights): Buffer {
  const raw = type === 'float32' ? Float32Array.from(data) : BigInt64Array.from(data, BigInt);
  return Buffer.from(raw.buffer);
}

function body(graph: Graph): Buffer {
  return Buffer.concat([
    ...graph.operators.map((op) => bytes(1, operator(op))),
    string(2, 'test'),
    ...graph.weights.map((w) => bytes(5, weights(w))),
    ...graph.inputs.map((v) => bytes(11, value(v))),
    ...graph.outputs.map((v) => bytes(12, value(v))),
    ...(graph.sparse ?? []).map(({ values, indices, shape }) =>
      bytes(
        15,
        Buffer.concat([
          bytes(1, weights(values)),
          bytes(2, weights(indices)),
          ...shape.map((d) => int(3, d)),
        ]),
      ),
    ),
  ]);
}

const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export function elementNumber(type: ElementType): number {
  return ELEMENT[type];
}

function value({ name, type, shape, isSequence }: Value): Buffer {
  if (type === 'maps') {
    const float = bytes(1, int(1, ELEMENT.float32));
    const map = bytes(5, Buffer.concat([int(1, ELEMENT.int64), bytes(2, float)]));
    return Buffer.concat([string(1, name), bytes(2, bytes(4, bytes(1, map)))]);
  }
  const dims = shape?.map((d) => bytes(1, typeof d === 'number' ? int(1, d) : string(2, d)));
  const stated = dims === undefined ? [] : [bytes(2, Buffer.concat(dims))];
  const tensor = Buffer.concat([int(1, ELEMENT[type]), ...stated]);
  const own = bytes(1, tensor);
  return Buffer.concat([string(1, name), bytes(2, isSequence ? bytes(4, bytes(1, own)) : own)]);
}

function operator({ type, domain, inputs, output, attributes = {} }: Operator): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => string(1, name)),
    string(2, output),
    string(4, type),
    ...(domain === undefined ? [] : [string(7, domain)]),
    ...Object.entries(attributes).map(([name, v]) => bytes(5, attribute(name, v))),
  ]);
}

/** Attribute types: INT 2, TENSOR 4, GRAPH 5, INTS 7. */
function attribute(name: string, v: number | readonly number[] | AttributeValue): Buffer {
  const named = string(1, name);
  if (typeof v === 'number') return Buffer.concat([named, int(3, v), int(20, 2)]);
  if ('tensor' in v) return Buffer.concat([named, bytes(5, weights(v.tensor)), int(20, 4)]);
  if ('graph' in v) return Buffer.concat([named, bytes(6, body(v.graph)), int(20, 5)]);
  return Buffer.concat([named, ...v.map((i) => int(8, i)), int(20, 7)]);
}

function weights(tensor: Weights): Buffer {
  const { name, type, shape, location } = tensor;
  const head = [...shape.map((d) => int(1, d)), int(2, ELEMENT[type]), string(8, name)];
  if (location === undefined) return Buffer.concat([...head, bytes(9, contentOf(tensor))]);
  const entry = (key: string, v: string) => bytes(13, Buffer.concat([string(1, key), string(2, v)]));
  const length = String(contentOf(tensor).length);
  return Buffer.concat([...head, entry('location', location), entry('length', length), int(14, 1)]);
}

function int(field: number, v: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(v)]);
}

function string(field: number, v: string): Buffer {
  return bytes(field, Buffer.from(v));
}

function bytes(field: number, v: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(v.length), v]);
}

/** Encodes negative numbers as 64-bit two's complement. */
function varint(v: number): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(v));
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...out, Number(rest)]);
}
