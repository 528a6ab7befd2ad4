/** A monotonic clock that all processes of a machine share, unlike performance.now(). In milliseconds. */
export function machineNow(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
