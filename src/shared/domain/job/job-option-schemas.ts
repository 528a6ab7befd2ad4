/** Derives two schemas of the job options from their table: one for requests and one for stored jobs. */
import { z } from 'zod';
import {
  ERROR_SHARE,
  JOB_OPTION_NAMES,
  jobOption,
  type JobOption,
  type JobOptionName,
  type MaxErrors,
  type RequestedValue,
  type SettledValue,
} from './job-options.ts';

const SHARE = z.string().regex(ERROR_SHARE, 'a count, or a share such as "1%"');

export const MAX_ERRORS: z.ZodType<MaxErrors, MaxErrors> = z.union([z.int().min(0), SHARE], {
  error: 'must be a count, or a share such as "1%"',
});

type RequestedShape = {
  [Name in JobOptionName]: z.ZodOptional<z.ZodType<RequestedValue<Name>, RequestedValue<Name>>>;
};
type SettledShape = { [Name in JobOptionName]: z.ZodType<SettledValue<Name>> };

/** Every option is optional. Carries the descriptions of the OpenAPI document. */
export const REQUESTED_SHAPE = shapeOf<RequestedShape>((option) =>
  requested(option)
    .optional()
    .meta({
      description: describe(option),
      ...(option.value.type === 'error_limit' && { examples: ['1%'] }),
    }),
);

/** Options that the job runs with. Null: automatic or unlimited. */
export const JOB_OPTIONS = z.object(
  shapeOf<SettledShape>((option) => {
    const value = valueOf(option);
    if (option.otherwise !== null) return value;
    return option.addedLater ? value.nullable().default(null) : value.nullable();
  }),
);

/** The table ties each schema to its option. TypeScript does not follow that through the loop. */
function shapeOf<Shape>(schemaOf: (option: JobOption) => z.ZodType): Shape {
  return Object.fromEntries(JOB_OPTION_NAMES.map((name) => [name, schemaOf(jobOption(name))])) as Shape;
}

function valueOf({ value }: JobOption): z.ZodType {
  switch (value.type) {
    case 'count':
      return z.int().min(value.min).max(value.max);
    case 'one_of':
      return z.enum(value.names);
    case 'error_limit':
      return MAX_ERRORS;
  }
}

function requested(option: JobOption): z.ZodType {
  const { value } = option;
  if (!option.auto || value.type !== 'count') return valueOf(option);
  return z.union([z.literal('auto'), valueOf(option)], {
    error: `must be a whole number from ${value.min} to ${value.max}, or "auto"`,
  });
}

function describe({ about, more, default: byDefault }: JobOption): string {
  const sentence = `${about[0]!.toUpperCase()}${about.slice(1)}.`;
  return [sentence, ...(more === undefined ? [] : [more]), `Default: ${byDefault}.`].join(' ');
}
