/** Turns this process into an API or a worker: settings into the environment, then their main. */

/** Before libuv makes its threads, which it does at the first use; see launch-service.ts. */
const UV_THREADS = '16';

export async function runInProcess(
  part: 'api' | 'workers',
  settings: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  env['UV_THREADPOOL_SIZE'] ??= UV_THREADS;
  Object.assign(env, settings);
  await import(new URL(`../../${part}/main.js`, import.meta.url).href);
}
