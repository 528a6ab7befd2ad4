/**
 * Finds the files in which an ONNX graph keeps weights. Every tensor may name one, also in subgraphs, functions and
 * attributes. Also finds the inputs for which the graph has a value. Reads the protobuf through a window, so that a graph of gigabytes takes little memory, and skips weights
 * inside the graph. Field numbers are those of onnx.proto3 (ONNX 1.17).
 */
import { open, type FileHandle } from 'node:fs/promises';

export interface ExternalData {
  /** Its path as the graph names it, relative to the graph's folder. */
  readonly location: string;
  /** The graph needs at least this many bytes of the file. */
  readonly leastBytes: number;
}

export interface GraphScan {
  /** In no particular order, each location once. */
  readonly external: readonly ExternalData[];
  /** Inputs that a caller may leave out, because the graph has a value for them. */
  readonly defaults: readonly string[];
}

/** For each message, the fields that lead to tensors and inputs. All others are skipped. */
const FIELDS: Record<Message, Readonly<Record<number, Message>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 11: 'input', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
  input: {},
};
type Message =
  | 'model'
  | 'graph'
  | 'function'
  | 'node'
  | 'attribute'
  | 'sparse'
  | 'tensor'
  | 'entry'
  | 'input';

const DATA_LOCATION = 14;
const EXTERNAL = 1;
/** The field of a model with its IR version. */
export const IR_VERSION = 1;
const TENSOR_NAME = 8;
const INPUT_NAME = 1;
/** Before this IR version, all weights are listed as inputs, and none of them can be replaced. */
export const FIRST_WITH_DEFAULTS = 4;
/** The model and its graph, but none of its subgraphs. */
const TOP_LEVELS = 2;
const WINDOW = 256 * 1024;
/** A tag and a length of at most ten bytes each. */
const HEAD = 20;
const LONGEST_TEXT = 4096;

interface Open {
  readonly message: Message;
  readonly end: number;
  /** Key and value of a tensor's external data. */
  readonly entries: Map<string, string>;
  external: boolean;
  key: string;
}

/** Throws an Error that describes the problem with the file. */
export async function findExternalData(path: string): Promise<readonly ExternalData[]> {
  return (await scanGraph(path)).external;
}

/** Throws an Error that describes the problem with the file. */
export async function scanGraph(path: string): Promise<GraphScan> {
  const file = await open(path, 'r');
  try {
    return await scan(await openWindow(file));
  } finally {
    await file.close();
  }
}

async function scan(window: Window): Promise<GraphScan> {
  const found = new Map<string, number>();
  const inputs: string[] = [];
  const weights = new Set<string>();
  let irVersion = 0;
  const stack: Open[] = [opened('model', window.size)];
  let hasGraph = false;
  const broken = (): Error =>
    new Error(
      hasGraph
        ? `is cut off or damaged: it has ${window.size} bytes, and its graph needs more. Copy or download it again`
        : 'is not an ONNX model',
    );
  let at = 0;
  for (;;) {
    let top = stack.at(-1)!;
    while (at === top.end && stack.length > 1) {
      stack.pop();
      close(top, found);
      top = stack.at(-1)!;
    }
    if (at >= window.size) break;
    if (!window.holds(at, HEAD)) await window.moveTo(at);
    const tag = window.varint(at);
    if (tag === null) throw broken();
    at = tag.next;
    const field = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wire === 0) {
      const number = window.varint(at);
      if (number === null) throw broken();
      at = number.next;
      if (top.message === 'tensor' && field === DATA_LOCATION) top.external = number.value === EXTERNAL;
      if (top.message === 'model' && field === IR_VERSION) irVersion = number.value;
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else if (wire === 2) {
      const length = window.varint(at);
      if (length === null) throw broken();
      at = length.next;
      const child = FIELDS[top.message][field];
      if (child === 'graph') hasGraph = true;
      if (at + length.value > top.end) throw broken();
      if (child !== undefined) stack.push(opened(child, at + length.value));
      else {
        const text = async () => window.text(at, Math.min(length.value, LONGEST_TEXT));
        if (top.message === 'entry') {
          if (field === 1) top.key = await text();
          if (field === 2) stack.at(-2)!.entries.set(top.key, await text());
        } else if (stack.length === TOP_LEVELS + 1) {
          if (top.message === 'input' && field === INPUT_NAME) inputs.push(await text());
          if (top.message === 'tensor' && field === TENSOR_NAME) weights.add(await text());
        }
        at += length.value;
      }
    } else throw broken();
    if (at > top.end) throw broken();
  }
  if (!hasGraph) throw broken();
  return {
    external: [...found].map(([location, leastBytes]) => ({ location, leastBytes })),
    defaults: irVersion < FIRST_WITH_DEFAULTS ? [] : inputs.filter((name) => weights.has(name)),
  };
}

function opened(message: Message, end: number): Open {
  return { message, end, entries: new Map(), external: false, key: '' };
}

function close({ message, external, entries }: Open, found: Map<string, number>): void {
  if (message !== 'tensor' || !external) return;
  const location = entries.get('location') ?? '';
  const end = Number(entries.get('offset') ?? 0) + Number(entries.get('length') ?? 0);
  found.set(location, Math.max(found.get(location) ?? 0, Number.isFinite(end) ? end : 0));
}

interface Window {
  readonly size: number;
  /** Whether `bytes` bytes from `at` are in the window. Near the file's end, fewer are enough. */
  holds(at: number, bytes: number): boolean;
  /** Moves the window to `at`. */
  moveTo(at: number): Promise<void>;
  /** Reads from the window. Null if the bytes there are not a varint. */
  varint(at: number): { readonly value: number; readonly next: number } | null;
  text(at: number, bytes: number): Promise<string>;
}

async function openWindow(file: FileHandle): Promise<Window> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size, WINDOW));
  let from = 0;
  let held = 0;

  const holds = (at: number, bytes: number) => at >= from && Math.min(at + bytes, size) <= from + held;

  async function moveTo(at: number): Promise<void> {
    from = at;
    held = 0;
    while (held < Math.min(buffer.length, size - from)) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held, from + held);
      // The file was truncated while it was read.
      if (bytesRead === 0) return;
      held += bytesRead;
    }
  }

  function varint(at: number): { value: number; next: number } | null {
    let value = 0;
    for (let i = 0, factor = 1; i < 10; i++, factor *= 128) {
      if (at + i < from || at + i >= from + held) return null;
      const byte = buffer[at + i - from]!;
      value += (byte & 127) * factor;
      if (byte < 128) return { value, next: at + i + 1 };
    }
    return null;
  }

  async function text(at: number, bytes: number): Promise<string> {
    if (!holds(at, bytes)) await moveTo(at);
    return buffer.toString('utf8', at - from, Math.min(at + bytes - from, held));
  }

  return { size, holds, moveTo, varint, text };
}
