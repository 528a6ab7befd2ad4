/**
 * Answers requests that never reach a route: those that are cut off, too slow, or not HTTP. Node would answer them without
 * a word.
 */
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ForebayError } from '../../../shared/errors.ts';
import { isOipPath, OIP_ERRORS } from '../oip/oip-errors.ts';
import { PROBLEMS } from '../wire/error-form.ts';
import { MAX_HEADER_BYTES, MAX_HEADERS_TIMEOUT_S, type ConnectionSettings } from './connection-limits.ts';

interface BrokenRequest extends Error {
  readonly code?: string;
  /** What the parser says. */
  readonly reason?: string;
}

export function answerBrokenRequests(server: Server, settings: ConnectionSettings): void {
  /** The last request of a connection that has reached a route. */
  const last = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => last.set(request.socket, response));
  server.on('clientError', (thrown: BrokenRequest, socket) => {
    const response = last.get(socket);
    const isAnswered = response !== undefined && response.headersSent && !response.writableFinished;
    if (!socket.writable || isAnswered || thrown.code === 'ECONNRESET') return void socket.destroy();
    // A request that is still open has broken in its body. Otherwise its path is unknown.
    const path = response === undefined || response.writableFinished ? '' : (response.req.url ?? '');
    socket.end(messageOf(errorOf(thrown, settings), path.split('?', 1)[0]!), () => socket.destroy());
  });
}

function errorOf({ code = '', reason, message }: BrokenRequest, settings: ConnectionSettings): ForebayError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const { requestTimeoutS: all } = settings;
    const text = `The request came too slowly: its headers must arrive within ${Math.min(MAX_HEADERS_TIMEOUT_S, all)} s, and all of it within ${all} s. Send a smaller body, or check the network.`;
    return new ForebayError('request_timeout', text);
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const text = `The headers are larger than ${MAX_HEADER_BYTES / 1024} KB. Send fewer or shorter ones.`;
    return new ForebayError('headers_too_large', text);
  }
  const text =
    code === 'HPE_INVALID_EOF_STATE'
      ? 'The connection ended before the whole request had arrived: its body is shorter than Content-Length or the chunks announce.'
      : `The request is not valid HTTP: ${reason ?? message}.`;
  return new ForebayError('invalid_request', text);
}

function messageOf(error: ForebayError, path: string): string {
  const form = isOipPath(path) ? OIP_ERRORS : PROBLEMS;
  const body = `${JSON.stringify(form.body(error, path))}\n`;
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    `Content-Type: ${form.type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
