/** Parses a request of the Open Inference Protocol: JSON, and the binary tensors behind it. */
import { z } from 'zod';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { checkText } from '../body/parse-json.ts';
import { checkValues, MAX_VALUES } from '../body/parse-predict.ts';
import { MAX_JSON_DEPTH } from '../body/json-depth.ts';
import { issuesOf, valueAt } from '../wire/issues.ts';
import {
  bytesOfElement,
  DATATYPES,
  elementsOf,
  numbersIn,
  splitBytes,
  type Datatype,
  type Elements,
} from './datatypes.ts';
import { flat, isNestedAs, shapeText, sizeOf } from './shape.ts';
import { counted } from '../../../shared/text/counted.ts';
import { shortened } from '../../../shared/text/shortened.ts';

export const PARAMETERS = z.record(z.string(), z.unknown());
export type Parameters = z.infer<typeof PARAMETERS>;

const NAME = z.string().min(1).max(1024);

const INPUT = z.object({
  name: NAME,
  shape: z
    .array(z.int().min(0))
    .max(32)
    .meta({ description: 'Rows first.', examples: [[1]] }),
  datatype: z.enum(DATATYPES).meta({ examples: ['BYTES'] }),
  parameters: PARAMETERS.optional().meta({
    description: '`binary_data_size`: the tensor follows the JSON, and has this many bytes.',
  }),
  data: z
    .unknown()
    .optional()
    .meta({ description: 'The elements, nested or flat, if they do not follow the JSON.' }),
});

export const INFER_REQUEST = z
  .object({
    id: z.string().max(1024).optional().meta({ description: 'The response repeats it.' }),
    parameters: PARAMETERS.optional().meta({
      description: "`timeout` (us), `binary_data_output`, and options of the model's task such as `top_k`.",
    }),
    inputs: z.array(INPUT).min(1),
    outputs: z
      .array(
        z.object({
          name: NAME,
          parameters: PARAMETERS.optional().meta({
            description: '`binary_data`: whether it follows the JSON.',
          }),
        }),
      )
      .optional()
      .meta({ description: 'The outputs to return. Default: all, except `answer`.' }),
  })
  .meta({ id: 'InferRequest', description: 'Tensors in the form of the Open Inference Protocol.' });

type InputWire = z.infer<typeof INPUT>;

export interface InputTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly elements: Elements;
}

export interface InferRequest extends Omit<z.infer<typeof INFER_REQUEST>, 'inputs'> {
  readonly inputs: readonly InputTensor[];
}

/** `jsonBytes`: how many bytes of the body are JSON. Null: all. Throws ForebayError `invalid_request`, `request_too_deep`. */
export function parseInfer(body: Buffer, jsonBytes: number | null): InferRequest {
  if (jsonBytes !== null && jsonBytes > body.length) {
    throw invalid(
      `Inference-Header-Content-Length is ${jsonBytes}, but the body has ${counted(body.length, 'byte')}`,
    );
  }
  const { inputs, ...rest } = parseHeader(body.subarray(0, jsonBytes ?? body.length));
  let left = jsonBytes === null ? Buffer.alloc(0) : body.subarray(jsonBytes);
  const tensors = inputs.map((input): InputTensor => {
    const { binary_data_size: size, ...others } = input.parameters ?? {};
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw invalid(`${called(input)} has the unknown parameter "${unknown}"`);
    if (size === undefined) return { ...input, elements: jsonElements(input) };
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(
        `the parameter "binary_data_size" of ${called(input)} must be a number of bytes; it came as ${shortened(JSON.stringify(size), MOST_SHOWN)}`,
      );
    }
    if (size > left.length) {
      throw invalid(
        `${called(input)} should have ${counted(size, 'byte')} behind the JSON, but the body has ${left.length} left`,
      );
    }
    const own = left.subarray(0, size);
    left = left.subarray(size);
    return { ...input, elements: binaryElements(input, own) };
  });
  if (left.length > 0) throw invalid(`no input takes the last ${counted(left.length, 'byte')} of the body`);
  return { ...rest, inputs: tensors };
}

function parseHeader(bytes: Buffer): z.infer<typeof INFER_REQUEST> {
  checkValues(bytes);
  let value: unknown;
  try {
    value = JSON.parse(checkText(bytes, MAX_JSON_DEPTH).toString());
  } catch (error) {
    if (error instanceof ForebayError) throw error;
    throw invalid(
      `the body is not JSON (${messageOf(error)}); binary tensors need the header Inference-Header-Content-Length`,
    );
  }
  const parsed = INFER_REQUEST.safeParse(value);
  if (parsed.success) return parsed.data;
  throw misfit(parsed.error, value);
}

/** Names the input, what is expected, and what came. */
function misfit(error: z.ZodError, value: unknown): ForebayError {
  const path = error.issues[0]!.path;
  const [issue] = issuesOf(error, INFER_REQUEST, value);
  const given = valueAt(value, path);
  const name = path[0] === 'inputs' ? valueAt(value, [...path.slice(0, 2), 'name']) : undefined;
  const place = typeof name === 'string' ? `${called({ name: shortened(name, MOST_SHOWN) })}, ` : '';
  const came = given === undefined ? '' : `; it came as ${shortened(JSON.stringify(given), MOST_SHOWN)}`;
  return invalid(`${place}${issue!.path || 'the body'}: ${issue!.message}${came}`);
}

const MOST_SHOWN = 60;

function jsonElements(input: InputWire): Elements {
  const { datatype, shape, data } = input;
  if (!Array.isArray(data)) {
    throw invalid(`${called(input)} has neither "data" (a list) nor the parameter "binary_data_size"`);
  }
  if (datatype === 'FP16')
    throw invalid(`${called(input)} is FP16, which JSON has no form for: send it as binary data`);
  const list = flat(data);
  if (list.length !== sizeOf(shape)) throw wrongSize(input, counted(list.length, 'element'));
  if (data.some(Array.isArray) && !isNestedAs(data, shape))
    throw invalid(`the lists of ${called(input)} are not nested as its shape ${shapeText(shape)}`);
  const elements = elementsOf(datatype, list);
  const wrong = typeof elements === 'number' ? elements : tooLarge(elements);
  if (typeof elements !== 'number' && wrong < 0) return elements;
  const value = list[wrong];
  const shown = (typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, 60);
  throw invalid(`element ${wrong} of ${called(input)} is ${shown}, which is not ${datatype}`);
}

/** JSON has no infinite numbers, so one was written too large. Returns -1 if there is none. */
function tooLarge(elements: Elements): number {
  if (!(elements instanceof Float32Array || elements instanceof Float64Array)) return -1;
  return elements.findIndex((value) => !Number.isFinite(value));
}

function binaryElements(input: InputWire, bytes: Buffer): Elements {
  const { datatype, shape } = input;
  if (datatype === 'BYTES') {
    const found = splitBytes(bytes, Math.min(sizeOf(shape), MAX_VALUES));
    if (found === null)
      throw invalid(`the lengths inside of ${called(input)} do not fit its ${counted(bytes.length, 'byte')}`);
    if (found.length !== sizeOf(shape)) {
      throw wrongSize(
        input,
        found.length > sizeOf(shape) ? 'more elements' : counted(found.length, 'element'),
      );
    }
    return found;
  }
  if (bytes.length !== sizeOf(shape) * bytesOfElement(datatype))
    throw wrongSize(input, counted(bytes.length, 'byte'));
  return numbersIn(datatype, bytes);
}

function wrongSize({ name, datatype, shape }: InputWire, came: string): ForebayError {
  const bytes = datatype === 'BYTES' ? '' : ` of ${counted(bytesOfElement(datatype), 'byte')}`;
  return invalid(
    `the input "${name}" is ${datatype} ${shapeText(shape)}, which has ${counted(sizeOf(shape), 'element')}${bytes}, but it came with ${came}`,
  );
}

function called({ name }: { readonly name: string }): string {
  return `the input "${name}"`;
}

function invalid(why: string): ForebayError {
  return new ForebayError('invalid_request', `${why[0]!.toUpperCase()}${why.slice(1)}.`);
}
