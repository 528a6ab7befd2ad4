/**
 * Lets a request in or not, before anything of it is read: a known host, a valid key, the route's scope, the
 * tenant's rate, and, for a path below a job, that the job is the tenant's own. Every route passes here.
 */
import { allows, type Scope } from '../../../shared/domain/scope.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { KeyStore } from '../../../shared/keys/key-store.ts';
import { jobNotFound, type JobStore } from '../../../shared/queue/job-store.ts';
import { OPERATOR, tenantSeen, type Caller } from './caller.ts';
import type { HostCheck } from './check-host.ts';
import type { RateLimit } from './rate-limit.ts';

/** Whatever lies below a job's path shows or changes that job, so no route can forget to ask whose it is. */
const JOB_PATH = /^\/v1\/jobs\/\{(\w+)\}/;

/** `open`: anybody. `probe`: anybody under any name, since orchestrators ask by address. */
export type Access = Scope | 'open' | 'probe';

/** What a guard needs of a request. Header names in lower case. */
export interface GuardedRequest {
  readonly header: (name: string) => string | undefined;
  readonly param: (name: string) => string | undefined;
}

export interface GuardDeps {
  readonly jobs: Pick<JobStore, 'tenantOf'>;
  /** Absent: nobody needs a key. */
  readonly keys?: Pick<KeyStore, 'verify'>;
  /** Absent: any host will do. */
  readonly checkHost?: HostCheck;
  /** Absent: no limit. Holds for callers with keys. */
  readonly rateLimit?: RateLimit;
}

export type Guard = (request: GuardedRequest, route: { path: string; access: Access }) => Promise<Caller>;

/** The guard throws ForebayError `host_not_allowed`, `unauthenticated`, `forbidden`, `rate_limited`, `job_not_found`. */
export function createGuard(deps: GuardDeps): Guard {
  return async (request, { path, access }) => {
    if (access !== 'probe') deps.checkHost?.(request.header('host'));
    if (access === 'open' || access === 'probe' || !deps.keys) return OPERATOR;

    const caller = await identify(deps.keys, request);
    if (!allows(caller.scopes, access)) {
      throw new ForebayError(
        'forbidden',
        `This needs the scope "${access}"; key ${caller.key} has ${caller.scopes.join(', ') || 'none'}. Have one made with it: forebay keys create --scope ${access}.`,
      );
    }
    deps.rateLimit?.(caller.tenant);
    const param = JOB_PATH.exec(path)?.[1];
    if (param !== undefined) await checkOwner(deps.jobs, caller, request.param(param) ?? '');
    return caller;
  };
}

async function identify(keys: Pick<KeyStore, 'verify'>, request: GuardedRequest): Promise<Caller> {
  const given = credential(request);
  if (given === null) {
    throw new ForebayError(
      'unauthenticated',
      'This needs an API key: send it as "Authorization: Bearer KEY" or "X-API-Key: KEY" (forebay: FOREBAY_API_KEY or --api-key-file).',
    );
  }
  const record = await keys.verify(given);
  if (record) return { key: record.id, tenant: record.tenant, scopes: record.scopes };
  throw new ForebayError(
    'unauthenticated',
    'The API key is not valid: unknown, revoked, expired or cut short.',
  );
}

/** Another scheme of Authorization is none of ours: the other header may still hold a key. */
function credential(request: GuardedRequest): string | null {
  const bearer = /^bearer +(\S+) *$/i.exec(request.header('authorization') ?? '')?.[1];
  return bearer ?? request.header('x-api-key') ?? null;
}

async function checkOwner(jobs: Pick<JobStore, 'tenantOf'>, caller: Caller, id: string): Promise<void> {
  const tenant = tenantSeen(caller);
  if (tenant === null || (await jobs.tenantOf(id)) === tenant) return;
  throw jobNotFound(id);
}
