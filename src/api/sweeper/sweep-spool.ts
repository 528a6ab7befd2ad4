/**
 * Sweeps spooled inputs of jobs and plans that no longer exist. Inputs of jobs are kept for a while longer. With
 * them, an output can be resumed even after Redis has lost its data.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jobIdTime } from '../../shared/domain/job/job-id.ts';
import { isMissing, noneIfMissing } from '../../shared/files/is-missing.ts';
import type { Leftovers } from '../../shared/queue/jobs/leftovers.ts';
import type { Chore } from './sweeper.ts';

/** Files per step. */
const PAGE = 200;

export function sweepSpool(deps: {
  leftovers: Pick<Leftovers, 'presences'>;
  spoolDir: string;
  /** Files younger than this are not touched, because they may belong to a submit that is in progress. */
  graceMs: number;
  /** A job's files are kept for this long after its submit. Its record is kept for at least as long. */
  keepMs: number;
}): Chore {
  const { leftovers, spoolDir, graceMs, keepMs } = deps;
  let at = 0;

  async function sweepFile(path: string): Promise<boolean> {
    if ((await stat(path)).mtimeMs > Date.now() - graceMs) return false;
    await rm(path);
    return true;
  }

  return async (failed) => {
    const all = await spoolFiles(spoolDir);
    if (at >= all.length) at = 0;
    const page = all.slice(at, at + PAGE);
    at += PAGE;
    const presences = await leftovers.presences(page.map((name) => ownerOf(name)!));
    let removed = 0;
    for (const name of page) {
      const owner = ownerOf(name)!;
      const { active, exists } = presences.get(owner)!;
      if (active || exists) continue;
      if (owner.startsWith('job_') && jobIdTime(owner) > Date.now() - keepMs) continue;
      try {
        if (await sweepFile(join(spoolDir, name))) removed += 1;
      } catch (error) {
        if (!isMissing(error)) failed(error);
      }
    }
    return { spool_files: removed };
  };
}

/** Paths below the spool folder. The default tenant's files are beside the folders of the other tenants. */
async function spoolFiles(spoolDir: string): Promise<string[]> {
  const entries = await readdir(spoolDir, { withFileTypes: true }).catch(noneIfMissing);
  const tenants = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const theirs = await Promise.all(
    tenants.map(async (tenant) => {
      const names = await readdir(join(spoolDir, tenant)).catch(noneIfMissing);
      return names.map((name) => `${tenant}/${name}`);
    }),
  );
  const own = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  return [...own, ...theirs.flat()].filter((name) => ownerOf(name) !== null).toSorted();
}

/** The job or plan that a spool file belongs to. Null: not a spool file. */
function ownerOf(name: string): string | null {
  return (
    /^(?:[^/]+\/)?(job_[0-9A-Z]{26}|plan-[0-9a-f]+)\.(urls\.jsonl|inline\.jsonl|inline\.blob)$/.exec(
      name,
    )?.[1] ?? null
  );
}
