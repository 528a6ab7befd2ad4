/** Declares an endpoint. Its OpenAPI description and the check of each request both follow from the declaration. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { ErrorCode } from '../../../shared/errors.ts';
import type { HeldBytes } from '../body/held-bytes.ts';
import type { Parsed } from '../body/parse-json.ts';
import type { Caller } from '../middleware/caller.ts';
import type { Access } from '../middleware/guard.ts';
import type { BodyLimit } from '../middleware/read-body.ts';
import type { ErrorForm } from '../wire/error-form.ts';

export type Fields = z.ZodObject;

/** The schema of a part that a request must not have. */
export const NO_FIELDS = z.strictObject({});

export interface Success {
  readonly status: number;
  readonly description: string;
  /** Media type -> schema of the response, or of one line of it. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `P`, `Q`, `H`, `B`: schemas of path parameters, query, headers and body. `T`: the body that the handler gets. */
export interface Endpoint<P extends Fields, Q extends Fields, H extends Fields, B extends z.ZodType, T> {
  readonly method: 'get' | 'post' | 'delete';
  /** With path parameters as `{name}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  /** The scope that a caller's key needs. */
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  /** Keyed by lower-case name. Other headers are ignored. */
  readonly headers?: H;
  readonly body?: {
    readonly schema: B;
    readonly limit: BodyLimit;
    /** For bodies that may be large. Without it, the body is parsed immediately and checked against `schema`. */
    readonly parse?: (
      bytes: Buffer<ArrayBuffer> | undefined,
      maxDepth: number,
      mediaType: string,
    ) => Promise<Parsed<T>> | Parsed<T>;
    /** Media types that it may have, such as `image/*`. Default: JSON only. `schema` describes JSON. */
    readonly types?: readonly string[];
    /** Bounds all bodies of the endpoint together. Default: they count as large bodies. */
    readonly held?: HeldBytes;
  };
  readonly success: readonly Success[];
  /** Codes of the problems that the endpoint may return, in addition to those of every endpoint. */
  readonly problems: readonly ErrorCode[];
  /** How it shows errors. Default: as problems. */
  readonly errors?: ErrorForm;
}

/** A request that has passed all checks. */
export interface CheckedRequest<P extends Fields, Q extends Fields, H extends Fields, T> {
  readonly c: Context;
  readonly caller: Caller;
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly headers: z.output<H>;
  readonly body: T;
}
