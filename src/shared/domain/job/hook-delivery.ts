/** The record of one attempt to deliver an event to a job's webhook. */
import { z } from 'zod';

export const HOOK_DELIVERY = z.object({
  event: z.string(),
  type: z.string(),
  attempt: z.int(),
  /** When the attempt began, ms. */
  at: z.number(),
  ms: z.number(),
  /** HTTP status of the answer. Null: no answer arrived. */
  status: z.int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  outcome: z.enum(['delivered', 'retrying', 'given_up']),
  next_at: z.number().nullable(),
});
export type HookDelivery = z.infer<typeof HOOK_DELIVERY>;
