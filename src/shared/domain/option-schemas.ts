/** The schemas of options, from their declarations: as a request gives them, and as a job stores them. */
import { z } from 'zod';
import { ERROR_SHARE, MAX_NAME, type MaxErrors, type OptionDeclaration } from './option.ts';

const SHARE = z.string().regex(ERROR_SHARE, 'a count, or a share such as "1%"');

export const MAX_ERRORS: z.ZodType<MaxErrors, MaxErrors> = z.union([z.int().min(0), SHARE], {
  error: 'must be a count, or a share such as "1%"',
});

/** An optional schema, with a description for the OpenAPI document. */
export function requestedSchema(option: OptionDeclaration): z.ZodOptional {
  return withAuto(option)
    .optional()
    .meta({
      description: describe(option),
      ...(option.value.type === 'error_limit' && { examples: ['1%'] }),
    });
}

/** Null: automatic or unlimited. */
export function settledSchema(option: OptionDeclaration): z.ZodType {
  const value = valueSchema(option);
  if (option.otherwise !== null) return value;
  return option.addedLater ? value.nullable().default(null) : value.nullable();
}

function valueSchema({ value }: OptionDeclaration): z.ZodType {
  switch (value.type) {
    case 'count':
      return z.int().min(value.min).max(value.max);
    case 'number':
      return z.number().min(value.min).max(value.max);
    case 'one_of':
      return z.enum(value.names);
    case 'name':
      return z.string().min(1).max(MAX_NAME);
    case 'error_limit':
      return MAX_ERRORS;
  }
}

function withAuto(option: OptionDeclaration): z.ZodType {
  const { value } = option;
  if (!option.auto || value.type !== 'count') return valueSchema(option);
  return z.union([z.literal('auto'), valueSchema(option)], {
    error: `must be a whole number from ${value.min} to ${value.max}, or "auto"`,
  });
}

function describe({ about, more, default: byDefault }: OptionDeclaration): string {
  const sentence = `${about[0]!.toUpperCase()}${about.slice(1)}.`;
  return [sentence, ...(more === undefined ? [] : [more]), `Default: ${byDefault}.`].join(' ');
}
