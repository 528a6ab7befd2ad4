/** How the numbers of a classifier's output become scores. */
import { z } from 'zod';
import type { Issue } from '../../errors.ts';

/**
 * `softmax`: the numbers are logits of classes that exclude each other. `sigmoid`: they are logits of independent
 * classes, or of one class. `none`: they are scores already.
 */
export const ACTIVATION = z.enum(['softmax', 'sigmoid', 'none']);
export type Activation = z.infer<typeof ACTIVATION>;

/** The fields of a classifier's model.json. */
export const CLASSES_SHAPE = {
  /** A file beside model.json with one class name per line, or with the `id2label` of a Hugging Face config. */
  labels: z.string().max(255, 'a file name has at most 255 characters').optional(),
  /** The graph's output that holds the class scores. Required if several outputs could hold them. */
  output: z.string().min(1).max(1024).optional(),
  /** How the output's numbers become scores (activationOf). */
  activation: ACTIVATION.optional(),
  /** The older form of `activation`: true is "softmax". */
  softmax: z.boolean().default(false),
  top_k: z.int().min(1).max(1000).default(5),
  /** Leaves out answers with a lower score. */
  threshold: z.number().min(0).max(1).optional(),
};

/** Newer tasks have no `softmax`. */
export type ClassesConfig = Omit<z.infer<z.ZodObject<typeof CLASSES_SHAPE>>, 'softmax'> & {
  readonly softmax?: boolean | undefined;
};

/** The activation, from either `activation` or the older `softmax`. */
export function activationOf(config: Pick<ClassesConfig, 'activation' | 'softmax'>): Activation {
  return config.activation ?? (config.softmax ? 'softmax' : 'none');
}

/** Reads the raw file, because the schema fills in `softmax`. */
export function activationContradictions(raw: Readonly<Record<string, unknown>>): Issue[] {
  const { activation, softmax } = raw;
  if (typeof activation !== 'string' || softmax === undefined) return [];
  if ((activation === 'softmax') === softmax) return [];
  return [{ path: '/softmax', message: `contradicts activation "${activation}"; leave softmax out` }];
}

/** How a classifier's answer comes about, in words. `config`: null if nobody knows it. */
export function describeAnswer(
  config: ClassesConfig | null,
  topK: number,
  threshold: number | null = null,
): string {
  const activation = config === null ? 'none' : activationOf(config);
  const scores = activation === 'none' ? '' : `${activation}, `;
  const labels = config === null ? '' : config.labels === undefined ? ', without labels' : ' with labels';
  const above = threshold === null ? '' : `, scores of ${threshold} and more`;
  return `${scores}top ${topK}${above}${labels}`;
}
