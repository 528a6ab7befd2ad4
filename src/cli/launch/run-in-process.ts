/** Runs the API or a worker in this process: puts the settings into the environment and loads its main. */

/** libuv starts its threads at the first use, so this must be set before. See launch-service.ts. */
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
