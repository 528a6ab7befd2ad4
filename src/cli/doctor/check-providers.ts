/** Which execution providers of onnxruntime work on this machine, and why others do not. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PROVIDER_NAMES, type ProviderName } from '../../shared/domain/model/execution-providers.ts';
import { whyNotLoaded } from '../../shared/models/provider-advice.ts';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import type { Finding } from './finding.ts';

const ENTRY = fileURLToPath(new URL('../../workers/lane/provider-check/main.js', import.meta.url));
/** Without a GPU, compiling WebGPU's shaders takes up to 24 s. */
const TIMEOUT_MS = 60_000;

export async function checkProviders(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  return Promise.all(PROVIDER_NAMES.map(async (name) => toFinding(name, await tryOut(name, env))));
}

/** Returns why the provider does not work. Null if it works. */
async function tryOut(name: ProviderName, env: NodeJS.ProcessEnv): Promise<string | null> {
  const options = { env: childEnvironment(env, { ORT_DISABLE_TELEMETRY: '1' }), timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    // The signal must end a process that ignores SIGTERM, as lanes do.
    const killSignal = 'SIGKILL' as const;
    execFile(process.execPath, [ENTRY, name], { ...options, killSignal }, (error, _out, stderr) =>
      resolve(error === null ? null : reasonOf(stderr, error.killed === true)),
    );
  });
}

function reasonOf(stderr: string, tookTooLong: boolean): string {
  if (tookTooLong) return `a tiny model did not answer within ${TIMEOUT_MS / 1000} s`;
  const last = stderr.split('\n').findLast((line) => line.trim() !== '');
  return (
    whyNotLoaded(stderr) ??
    last?.trim().replace(/^execution provider \S+ cannot load: /, '') ??
    'its process crashed'
  );
}

function toFinding(name: ProviderName, why: string | null): Finding {
  const finding = { what: 'provider', found: why === null ? name : `${name} does not work here` };
  if (why === null) return { ...finding, level: 'ok' };
  const advice = `${why[0]!.toUpperCase()}${why.slice(1)}.`;
  // Every model can use the CPU. Few need another provider.
  return { ...finding, level: name === 'cpu' ? 'fail' : 'note', advice };
}
