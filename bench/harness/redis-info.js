/** A field of Redis's INFO as a number. @param {{ info: (section: string) => Promise<string> }} redis */
export async function redisInfo(redis, section, field) {
  return Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(await redis.info(section))?.[1]);
}
