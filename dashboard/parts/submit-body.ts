/** The request that the fields of the form describe. */
import type { SubmitBody } from '../../src/api/http/wire/submit-request.ts';

export const INPUT_TYPES = {
  files: 'files in a folder',
  jsonl: 'JSON lines',
  csv: 'CSV',
  parquet: 'Parquet',
  archive: 'tar or zip',
  manifest: 'a list of paths',
  urls: 'URLs, typed here',
  inline: 'records, typed here',
} as const;
export type InputType = keyof typeof INPUT_TYPES;

export interface Fields {
  readonly model: string;
  readonly type: InputType;
  readonly path: string;
  /** One row per line. */
  readonly rows: string;
  readonly output: string;
  readonly format: '' | 'jsonl' | 'csv' | 'parquet';
  readonly limit: string;
  readonly maxErrors: string;
  readonly priority: string;
  /** Further options, as JSON. */
  readonly options: string;
}

export const EMPTY: Fields = {
  model: '',
  type: 'files',
  path: '',
  rows: '',
  output: '',
  format: '',
  limit: '',
  maxErrors: '',
  priority: '',
  options: '',
};

/** Throws an Error with a sentence for the user. The service checks everything else. */
export function toBody(fields: Fields): SubmitBody {
  const { output, format } = fields;
  const options = {
    ...furtherOptions(fields.options),
    ...(fields.limit !== '' && { limit: Number(fields.limit) }),
    ...(fields.priority !== '' && { priority: Number(fields.priority) }),
    ...(fields.maxErrors !== '' && {
      max_errors: fields.maxErrors.endsWith('%') ? fields.maxErrors : Number(fields.maxErrors),
    }),
  };
  const place = { ...(output !== '' && { path: output }), ...(format !== '' && { format }) };
  // What does not fit the types is refused by the service, which names the field.
  return {
    model: fields.model,
    input: inputOf(fields),
    ...(Object.keys(place).length > 0 && { output: place }),
    ...(Object.keys(options).length > 0 && { options }),
  } as SubmitBody;
}

function inputOf({ type, path, rows }: Fields): object {
  const lines = rows.split('\n').filter((line) => line.trim() !== '');
  if (type === 'urls') return { type, urls: lines.map((line) => line.trim()) };
  if (type === 'inline') return { type, rows: lines.map(recordOf) };
  return { type, path };
}

/** A line is a JSON object, or a text. */
function recordOf(line: string, at: number): object {
  if (!line.trim().startsWith('{')) return { text: line };
  try {
    return JSON.parse(line) as object;
  } catch (error) {
    throw new Error(`Line ${at + 1} of the rows is not valid JSON: ${(error as Error).message}`);
  }
}

function furtherOptions(text: string): object {
  if (text.trim() === '') return {};
  const options = parsed(text);
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  throw new Error('The further options must be a JSON object, such as {"top_k": 3}');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The further options are not valid JSON: ${(error as Error).message}`);
  }
}
