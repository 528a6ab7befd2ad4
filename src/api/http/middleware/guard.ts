/**
 * Decides whether a request is allowed, before its body is read. Every route passes through it. The guard checks the
 * host, the key, its scope and the tenant's rate. For a path below a job it also checks that the job belongs to the
 * tenant.
 */
import { allows, type Scope } from '../../../shared/domain/scope.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { KeyStore } from '../../../shared/keys/key-store.ts';
import { jobNotFound, type JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { OPERATOR, tenantSeen, type Caller } from './caller.ts';
import type { HostCheck } from '../../../shared/net/check-host.ts';
import type { RateLimit } from './rate-limit.ts';

/** Every route below a job's path shows or changes that job. The check is here, so that no route can omit it. */
const JOB_PATH = /^\/v1\/jobs\/\{(\w+)\}/;

/** `open`: everybody. `probe`: everybody, under any Host, because orchestrators use IP addresses. */
export type Access = Scope | 'open' | 'probe';

/** The part of a request that the guard reads. Header names are in lower case. */
export interface GuardedRequest {
  readonly header: (name: string) => string | undefined;
  readonly param: (name: string) => string | undefined;
}

export interface GuardDeps {
  readonly jobs: Pick<JobStore, 'tenantOf'>;
  /** Absent: no key is needed. */
  readonly keys?: Pick<KeyStore, 'verify'>;
  /** Absent: any host is allowed. */
  readonly checkHost?: HostCheck;
  /** Absent: no limit. Applies to callers with keys. */
  readonly rateLimit?: RateLimit;
}

export type Guard = (request: GuardedRequest, route: { path: string; access: Access }) => Promise<Caller>;

/**
 * The guard rejects with ForebayError `host_not_allowed`, `unauthenticated`, `forbidden`, `rate_limited`,
 * `job_not_found`.
 */
export function createGuard(deps: GuardDeps): Guard {
  return async (request, { path, access }) => {
    if (access !== 'probe') deps.checkHost?.(request.header('host'));
    if (access === 'open' || access === 'probe' || !deps.keys) return OPERATOR;

    const caller = await identify(deps.keys, request, path.startsWith('/ops/'));
    if (!allows(caller.scopes, access)) {
      throw new ForebayError(
        'forbidden',
        `This needs the scope "${access}"; key ${caller.key} has ${caller.scopes.join(', ') || 'none'}. Ask for a key that has it: forebay keys create --scope ${access}.`,
      );
    }
    deps.rateLimit?.(caller.tenant);
    const param = JOB_PATH.exec(path)?.[1];
    if (param !== undefined) await checkOwner(deps.jobs, caller, request.param(param) ?? '');
    return caller;
  };
}

async function identify(
  keys: Pick<KeyStore, 'verify'>,
  request: GuardedRequest,
  isPage: boolean,
): Promise<Caller> {
  const given = credential(request) ?? (isPage ? passwordOf(request) : null);
  if (given === null) {
    throw new ForebayError(
      'unauthenticated',
      'This needs an API key. Send it as "Authorization: Bearer KEY" or "X-API-Key: KEY" (forebay: FOREBAY_API_KEY or --api-key-file).',
    );
  }
  const record = await keys.verify(given);
  if (record) return { key: record.id, tenant: record.tenant, scopes: record.scopes };
  throw new ForebayError(
    'unauthenticated',
    'The API key is not valid. It is unknown, revoked, expired or incomplete.',
  );
}

/** Other schemes of Authorization are ignored, because X-API-Key may still hold a key. */
function credential(request: GuardedRequest): string | null {
  const bearer = /^bearer +(\S+) *$/i.exec(request.header('authorization') ?? '')?.[1];
  return bearer ?? request.header('x-api-key') ?? null;
}

/**
 * The password of Basic authentication, which a browser asks for. Only pages that change nothing accept it, because a
 * browser sends it by itself.
 */
function passwordOf(request: GuardedRequest): string | null {
  const basic = /^basic +(\S+) *$/i.exec(request.header('authorization') ?? '')?.[1];
  if (basic === undefined) return null;
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

async function checkOwner(jobs: Pick<JobStore, 'tenantOf'>, caller: Caller, id: string): Promise<void> {
  const tenant = tenantSeen(caller);
  if (tenant === null || (await jobs.tenantOf(id)) === tenant) return;
  throw jobNotFound(id);
}
