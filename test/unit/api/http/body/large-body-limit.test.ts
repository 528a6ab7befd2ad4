import { expect, it } from 'vitest';
import { createLargeBodyLimit } from '#forebay/api/http/body/large-body-limit.js';
import { waitUntil } from '../../../../support/wait-until.ts';

it('admits a few large bodies at a time, lets some wait and refuses the rest', async () => {
  const bodies = createLargeBodyLimit();
  const held = await Promise.all([1, 2, 3, 4].map(async () => bodies.enter()));
  let entered = 0;
  const waiting = Array.from({ length: 32 }, async () => {
    const leave = await bodies.enter();
    entered += 1;
    return leave;
  });
  await expect(bodies.enter()).rejects.toMatchObject({ code: 'too_many_large_requests', retryAfterS: 1 });
  expect(entered).toBe(0);
  held[0]!();
  await waitUntil('one of the waiting bodies', () => entered === 1);
  for (const leave of held.slice(1)) leave();
  for (const turn of waiting) (await turn)();
  expect(entered).toBe(32);
  (await bodies.enter())();
});
