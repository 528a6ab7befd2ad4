/** The HTTP app: all routes, and the answers to requests that match none. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { ForebayError } from '../../shared/errors.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import type { AccessControl } from './access.ts';
import { createBackgroundParser } from './body/background-parser.ts';
import { createLargeBodyLimit } from './body/large-body-limit.ts';
import { describeKeys } from './endpoint/describe-endpoint.ts';
import { problemResponse } from './middleware/error-handler.ts';
import { createGuard } from './middleware/guard.ts';
import { beginRequest } from './middleware/report-request.ts';
import { mountDashboard } from './dashboard/mount-dashboard.ts';
import { mountBoard, type BoardDeps } from './queue-board/mount-board.ts';
import { mountDeliveries, type DeliveriesDeps } from './routes/deliveries.ts';
import { mountJobs, type JobsDeps } from './routes/jobs.ts';
import { mountJobBlocks, type JobBlocksDeps } from './routes/job-blocks.ts';
import { mountJobStats, type JobStatsDeps } from './routes/job-stats.ts';
import { mountJobStreams, type JobStreamsDeps } from './routes/job-streams.ts';
import { mountKeys, type KeysDeps } from './routes/keys.ts';
import { mountOip, type OipDeps } from './oip/mount-oip.ts';
import { isOipPath, OIP_ERRORS } from './oip/oip-errors.ts';
import { mountModels, type ModelsDeps } from './routes/models.ts';
import { mountOps, type OpsDeps } from './routes/ops.ts';
import { mountOverview, type OverviewDeps } from './routes/overview.ts';
import { mountPlan, type PlanDeps } from './routes/plan.ts';
import { mountPredict, type PredictDeps } from './routes/predict.ts';
import { mountRowInput, type RowInputDeps } from './routes/row-input.ts';
import { mountScale, type ScaleDeps } from './routes/scale.ts';
import { mountWorkers, type WorkersDeps } from './routes/workers.ts';
import { PROBLEMS } from './wire/error-form.ts';
import { mountRetryAndResume, type RetryAndResumeDeps } from './routes/retry-and-resume.ts';

/** The dependencies of all routes. Each route takes its own part of them. */
export type AppDeps = Omit<
  JobsDeps &
    RetryAndResumeDeps &
    PlanDeps &
    JobStreamsDeps &
    JobStatsDeps &
    JobBlocksDeps &
    RowInputDeps &
    DeliveriesDeps &
    ModelsDeps &
    PredictDeps &
    OipDeps &
    KeysDeps &
    OpsDeps &
    OverviewDeps &
    WorkersDeps &
    ScaleDeps,
  'parser' | 'keys'
> & {
  /** For the guard, which checks who owns the job that a path names. */
  readonly jobs: Pick<JobStore, 'tenantOf'>;
  readonly board: BoardDeps;
  /** Absent: requests need no key, and any Host header is allowed. */
  readonly access?: AccessControl;
};

export function createApp(deps: AppDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  const { jobs, access = {}, emit } = deps;
  const guard = createGuard({ jobs, ...access });
  const target = { app, guard, largeBodies: createLargeBodyLimit(), emit };
  const parser = createBackgroundParser();
  describeKeys(app);
  mountJobs(target, { ...deps, parser });
  mountRetryAndResume(target, deps);
  mountPlan(target, { ...deps, parser });
  mountJobStreams(target, deps);
  mountJobStats(target, deps);
  mountJobBlocks(target, deps);
  mountRowInput(target, deps);
  mountDeliveries(target, deps);
  mountModels(target, deps);
  mountPredict(target, deps);
  mountOip(target, deps);
  mountKeys(target, { emit, ...(access.keys && { keys: access.keys }) });
  mountOverview(target, deps);
  mountWorkers(target, deps);
  mountScale(target, deps);
  mountDashboard(target);
  mountBoard(target, deps.board);
  mountOps(target, deps);

  const errorsAt = (path: string) => (isOipPath(path) ? OIP_ERRORS : PROBLEMS);
  app.onError((error, c) => problemResponse(error, c.req, emit, {}, errorsAt(c.req.path)));
  app.notFound((c) => {
    const { method, path } = c.req;
    const report = beginRequest(c.req, emit);
    const allowed = methodsAt(app, path);
    const error = noRoute(method, path, allowed);
    const headers = allowed.length > 0 ? { Allow: allowed.join(', ') } : {};
    const response = problemResponse(error, c.req, emit, headers, errorsAt(path));
    // Paths that callers make up must not become labels.
    report({ route: NO_ROUTE, status: response.status, code: error.code });
    return response;
  });
  return app;
}

const NO_ROUTE = 'none';

function noRoute(method: string, path: string, allowed: readonly string[]): ForebayError {
  return allowed.length === 0
    ? new ForebayError('not_found', `There is nothing at ${path}. /docs lists all endpoints.`)
    : new ForebayError('method_not_allowed', `${path} takes ${allowed.join(', ')}, not ${method}.`);
}

/** Methods that routes take at a path. */
function methodsAt(app: OpenAPIHono, path: string): string[] {
  const methods = app.routes
    .filter((route) => patternOf(route.path).test(path))
    .flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return [...new Set(methods)];
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`);
}
