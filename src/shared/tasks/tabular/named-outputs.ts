/** The outputs of a graph, returned under their own names. */
import { z } from 'zod';

const VALUE = z.union([z.number(), z.string(), z.boolean()]);

export const NAMED_OUTPUTS = z.record(z.string(), z.union([VALUE, z.array(VALUE)]));
