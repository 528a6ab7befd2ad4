/** Runs `forebay up`: starts the service, prints its address, and stops it on a signal. */
import { readConfig, type Config } from '../../shared/config/config.ts';
import { listModelFolders } from '../../shared/models/model-folder-reader.ts';
import { cacheDir } from '../../shared/config/cache-dir.ts';
import type { CliContext } from '../context.ts';
import { EXIT, exitCodeOfSignal, type StopSignal } from '../exit-codes.ts';
import { createService } from '../launch/launch-service.ts';
import { readableLine } from '../../shared/observe/readable-line.ts';
import { withModelPlaces } from '../models/with-model-places.ts';
import { createStartupLog } from '../launch/startup-log.ts';
import { onStopSignals } from '../launch/stop-signals.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';
import { upText } from './up-text.ts';

export interface UpFlags extends ServiceFlags {
  readonly workers?: number;
}

/** Returns the exit code once the service has stopped. Throws if it cannot start or continue. */
export async function up(flags: UpFlags, context: CliContext): Promise<number> {
  const { terminal, cwd } = context;
  const env = { FOREBAY_LOG_LEVEL: 'warn', ...context.env, ...toSettings(flags) };
  const config = readConfig(env, cwd);
  const pools = await poolsOf(config);
  const note = (line: string) => terminal.err(`${line}\n`);
  const verbose = flags.logLevel !== undefined || context.env['FOREBAY_LOG_LEVEL'] !== undefined;
  // A terminal gets lines for people, and a log file gets the JSON records.
  const shown = (name: string, line: string) => note(terminal.live ? readableLine(name, line) : line);
  const log = createStartupLog(shown, { verbose });
  const service = createService({
    redis: {
      redisUrl: config.redisUrl,
      takesUrl: true,
      dataDir: config.dataDir,
      cacheDir: cacheDir(env),
      env,
      log: { info: (_fields, message) => note(message) },
    },
    env,
    workers: pools.flatMap((pool) =>
      Array.from({ length: flags.workers ?? 1 }, () => ({ FOREBAY_POOL: pool })),
    ),
    onLine: log.line,
    onNote: note,
  });
  const signals = stopRequests(service.kill, note);
  process.on('exit', service.kill);
  try {
    const started = service.start();
    started.catch(() => undefined);
    const first = await Promise.race([started, signals.first]);
    if (typeof first === 'string') return exitCodeOfUp(first);
    const ready = service.workersReady().then((workers) => {
      // On a terminal, the text below replaces the lines that were held back.
      if (terminal.live) log.forget();
      else log.started();
      terminal.out(upText({ ...first, config, workers, context, cacheDir: cacheDir(env) }));
    });
    ready.catch(() => undefined);
    return exitCodeOfUp(
      await Promise.race([
        ready.then(() => signals.first),
        signals.first,
        service.failed.then((error) => Promise.reject(error)),
      ]),
    );
  } catch (error) {
    log.failed();
    throw error;
  } finally {
    await service.stop();
    process.off('exit', service.kill);
    signals.ignore();
  }
}

/** A stop is the normal end of a service, except when its terminal has closed (SIGHUP). */
function exitCodeOfUp(signal: StopSignal): number {
  return signal === 'SIGHUP' ? exitCodeOfSignal(signal) : EXIT.ok;
}

function stopRequests(kill: () => void, note: (line: string) => void) {
  let ignore: () => void = () => undefined;
  const first = new Promise<StopSignal>((resolve) => {
    ignore = onStopSignals({
      onFirst(signal) {
        note('Stopping when the running blocks are finished. Press Ctrl-C again to stop immediately.');
        resolve(signal);
      },
      onForced(signal) {
        kill();
        process.exit(exitCodeOfSignal(signal));
      },
    });
  });
  return { first, ignore };
}

/** Each pool that a model names gets workers, unless the user selected one pool. */
async function poolsOf(config: Config): Promise<string[]> {
  if (config.pool !== 'default') return [config.pool];
  const listings = await withModelPlaces(config, async (places) =>
    Promise.all(
      config.modelsDirs.map(async (dir) => listModelFolders(dir, places).catch(() => ({ models: [] }))),
    ),
  );
  const pools = listings.flatMap(({ models }) => models.map((model) => model.ref.pool));
  return pools.length === 0 ? ['default'] : [...new Set(pools)];
}
