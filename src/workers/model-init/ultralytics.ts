/** Reads what Ultralytics' exporters write into a graph's metadata, in the notation of Python. Pure. */
import type { GraphFace } from '../../shared/models/onnx-graph.ts';
import type { Preprocess } from '../../shared/tasks/image/preprocess.ts';

export interface UltralyticsFacts {
  /** Such as `detect` or `classify`. Null: not given. The exporter of YOLOv5 does not give it. */
  readonly task: string | null;
  /** Null if the names cannot be read. */
  readonly names: readonly string[] | null;
  /** Size of the input. Null: not given. */
  readonly size: Preprocess['crop'] | null;
  /** Whether a detector ends in non-maximum suppression, or needs none. */
  readonly isSuppressed: boolean;
}

/** Null if another exporter wrote the graph. */
export function readUltralytics({ metadata }: GraphFace): UltralyticsFacts | null {
  const names = metadata.get('names');
  if (names === undefined || !metadata.has('stride')) return null;
  const isSuppressed = metadata.get('end2end') === 'True' || /'nms': True\b/.test(metadata.get('args') ?? '');
  return {
    task: metadata.get('task') ?? null,
    names: namesIn(names),
    size: sizeIn(metadata.get('imgsz')),
    isSuppressed,
  };
}

/** `{0: 'person', 1: "driver's seat"}` or `['person']`. Null if it is anything else. */
export function namesIn(text: string): string[] | null {
  const names: string[] = [];
  const isList = text.startsWith('[');
  const item = /\s*(?:(\d+)\s*:\s*)?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|[}\]]$)/y;
  item.lastIndex = 1;
  for (let found = item.exec(text); found !== null; found = item.exec(text)) {
    const [, id, single, double, end] = found;
    if (!isList && Number(id) !== names.length) return null;
    names.push((single ?? double)!.replaceAll(/\\(['"\\])/g, '$1'));
    if (end !== ',') return /[\\\r\n]/.test(names.join('')) ? null : names;
  }
  return null;
}

/** `[height, width]`, or one number for both. */
function sizeIn(text: string | undefined): Preprocess['crop'] | null {
  const [height, width = height, ...more] = [...(text ?? '').matchAll(/\d+/g)].map(Number);
  if (height === undefined || width === undefined || more.length > 0) return null;
  return height === width ? height : { width, height };
}
