/** Runs every check of `forebay doctor` and prints all findings. */
import { readConfig } from '../../shared/config/config.ts';
import { cacheDir } from '../../shared/config/cache-dir.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';
import { findingText, type Finding } from './finding.ts';
import {
  checkCpu,
  checkDisk,
  checkMemory,
  checkNode,
  readCpuFacts,
  readMemoryFacts,
} from './check-machine.ts';
import { withModelPlaces } from '../models/with-model-places.ts';
import { checkModels } from './check-models.ts';
import { checkProviders } from './check-providers.ts';
import { checkRedisHere } from './check-redis-here.ts';

export interface DoctorFlags extends ServiceFlags {
  readonly json?: true;
}

/** Returns the exit code: 0, or 1 if something will not work. */
export async function doctor(flags: DoctorFlags, { env, cwd, terminal }: CliContext): Promise<number> {
  const config = readConfig({ ...env, ...toSettings(flags) }, cwd);
  const findings: Finding[] = [
    checkNode(process.version),
    await checkRedisHere(config.redisUrl, env, cacheDir(env)),
    checkCpu(readCpuFacts()),
    checkMemory(...readMemoryFacts()),
    await checkDisk(config.dataDir),
    ...(await checkProviders(env)),
    ...(await withModelPlaces(config, async (places) => checkModels(config.modelsDirs, places))),
  ];
  terminal.out(flags.json ? `${JSON.stringify(findings)}\n` : findings.map(findingText).join(''));
  return findings.some((finding) => finding.level === 'fail') ? EXIT.failed : EXIT.ok;
}
