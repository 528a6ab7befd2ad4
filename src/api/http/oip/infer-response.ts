/** Writes a response of the Open Inference Protocol: JSON, and the binary tensors behind it. */
import { dataBytes, dataText, type OutputTensor } from './outputs-of-rows.ts';

export interface InferResponse {
  readonly model: string;
  readonly version: string | null;
  readonly id: string | undefined;
  readonly outputs: readonly OutputTensor[];
  readonly isBinary: (output: string) => boolean;
  readonly laneMs: number;
}

export const HEADER_LENGTH = 'Inference-Header-Content-Length';

export function inferResponse({ model, version, id, outputs, isBinary, laneMs }: InferResponse): Response {
  const binary: Buffer[] = [];
  const described = outputs.map((output) => {
    const { name, datatype, shape } = output;
    const about = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    if (!isBinary(name)) return `${about},"data":${dataText(output)}}`;
    const bytes = dataBytes(output);
    binary.push(bytes);
    return `${about},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const start = JSON.stringify({
    model_name: model,
    ...(version !== null && { model_version: version }),
    ...(id !== undefined && { id }),
  }).slice(0, -1);
  const json = Buffer.from(`${start},"outputs":[${described.join(',')}]}`);
  const timing = { 'Server-Timing': `lane;dur=${laneMs}` };
  if (binary.length === 0) {
    return new Response(json, { headers: { ...timing, 'Content-Type': 'application/json' } });
  }
  return new Response(Buffer.concat([json, ...binary]), {
    headers: { ...timing, 'Content-Type': 'application/octet-stream', [HEADER_LENGTH]: String(json.length) },
  });
}
