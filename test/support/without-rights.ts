// Lets a test meet file permissions, even if root runs it.

/** Root may read everything, so the test acts as another user. */
export async function withoutRights(act: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    await act();
  } finally {
    if (root) process.seteuid?.(0);
  }
}
