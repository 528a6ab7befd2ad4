/** Mounts an endpoint on the app: every request passes the guard and the checks before its handler. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Emit } from '../../../shared/observe/events.ts';
import { problemResponse, toForebayError } from '../middleware/error-handler.ts';
import { nodeBindings } from '../middleware/node-bindings.ts';
import { beginRequest } from '../middleware/report-request.ts';
import type { LargeBodyLimit } from '../body/large-body-limit.ts';
import type { Guard } from '../middleware/guard.ts';
import { checkRequest } from './check-request.ts';
import { describeEndpoint } from './describe-endpoint.ts';
import type { CheckedRequest, Endpoint, Fields, NO_FIELDS } from './endpoint.ts';

export interface MountTarget {
  readonly app: OpenAPIHono;
  readonly guard: Guard;
  readonly largeBodies: LargeBodyLimit;
  readonly emit: Emit;
}

export function mount<
  P extends Fields = typeof NO_FIELDS,
  Q extends Fields = typeof NO_FIELDS,
  H extends Fields = typeof NO_FIELDS,
  B extends z.ZodType = z.ZodOptional<typeof NO_FIELDS>,
  T = z.output<B>,
>(
  target: MountTarget,
  endpoint: Endpoint<P, Q, H, B, T>,
  handler: (request: CheckedRequest<P, Q, H, T>) => Promise<Response> | Response,
): void {
  target.app.openAPIRegistry.registerPath(describeEndpoint(endpoint));
  const answersLocation = endpoint.success.some(({ headers = {} }) => 'Location' in headers);
  const path = endpoint.path.replaceAll(/\{(.+?)\}/g, ':$1');
  target.app.on(endpoint.method.toUpperCase(), path, async (c) => {
    const report = beginRequest(c.req, target.emit);
    const admission = (endpoint.body?.held ?? target.largeBodies).open();
    let response: Response;
    let code: string | null = null;
    try {
      const caller = await target.guard(
        { header: (name) => c.req.header(name), param: (name) => c.req.param(name) },
        endpoint,
      );
      const checked = await checkRequest(c, endpoint, admission);
      response = await handler({ ...checked, caller });
    } catch (error) {
      code = toForebayError(error).code;
      response = problemResponse(error, c.req, target.emit, {}, endpoint.errors);
    } finally {
      admission.release();
    }
    forbidSniffing(c, response);
    report({
      route: endpoint.path,
      status: response.status,
      code,
      location: answersLocation ? response.headers.get('location') : null,
    });
    return response;
  });
}

/**
 * Browsers must not guess another type. Node's own response gets the header, because the `headers` of a response object
 * cost a tenth of the API's CPU for a small online request.
 */
function forbidSniffing(c: Context, response: Response): void {
  const { outgoing } = nodeBindings(c);
  if (outgoing === undefined) response.headers.set('X-Content-Type-Options', 'nosniff');
  else outgoing.setHeader('X-Content-Type-Options', 'nosniff');
}
