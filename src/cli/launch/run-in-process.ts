/** Runs the API or a worker in this process. Puts the settings into the environment and loads the main module. */

/** libuv starts its threads on first use, so this must be set before that. See launch-service.ts. */
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
