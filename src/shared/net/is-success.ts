/** Whether an HTTP status says that a request has succeeded. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
