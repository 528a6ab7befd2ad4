/** The HTTP face: all routes, and what becomes of requests that fit none. Listening is main.ts's affair. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { ForebayError } from '../../shared/errors.ts';
import type { ApiDeps } from './api-deps.ts';
import { createLargeBodies } from './body/large-bodies.ts';
import { problemResponse } from './middleware/error-handler.ts';
import { createGuard } from './middleware/guard.ts';
import { mountRetryAndResume } from './routes/retry-and-resume.ts';
import { mountDeliveries } from './routes/deliveries.ts';
import { mountJobs } from './routes/jobs.ts';
import { mountJobStats } from './routes/job-stats.ts';
import { mountJobStreams } from './routes/job-streams.ts';
import { mountKeys } from './routes/keys.ts';
import { mountModels } from './routes/models.ts';
import { describeKeys } from './routes/mount.ts';
import { mountOps } from './routes/ops.ts';
import { mountPlan } from './routes/plan.ts';

export function createApp(deps: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  const { log, maxJsonDepth } = deps;
  const guard = createGuard({ jobs: deps.jobs, ...deps.access });
  const target = { app, guard, log, maxJsonDepth, largeBodies: createLargeBodies() };
  describeKeys(app);
  mountJobs(target, deps);
  mountRetryAndResume(target, deps);
  mountPlan(target, deps);
  mountJobStreams(target, deps);
  mountJobStats(target, deps);
  mountDeliveries(target, deps);
  mountModels(target, deps);
  mountKeys(target, deps);
  mountOps(target, deps);

  app.onError((error, c) => problemResponse(error, c.req, deps.log));
  app.notFound((c) => {
    const allowed = methodsAt(app, c.req.path);
    if (allowed.length === 0) {
      const error = new ForebayError(
        'not_found',
        `There is nothing at ${c.req.path}. /docs lists what there is.`,
      );
      return problemResponse(error, c.req, deps.log);
    }
    const error = new ForebayError(
      'method_not_allowed',
      `${c.req.path} takes ${allowed.join(', ')}, not ${c.req.method}.`,
    );
    return problemResponse(error, c.req, deps.log, { Allow: allowed.join(', ') });
  });
  return app;
}

/** Methods that some route takes at a path. */
function methodsAt(app: OpenAPIHono, path: string): string[] {
  const methods = app.routes
    .filter((route) => patternOf(route.path).test(path))
    .flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return [...new Set(methods)];
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`);
}
