// The listening socket: opened, and closed without cutting off who is being answered.
import { AppError, type ErrorCode } from '@closebell/shared/errors';
import type { Express } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { errorBody } from './middleware/error-handler.js';

export type ListeningServer = Readonly<{
  url: string;
  /** Takes no new connection; answers under way are finished, and what is still open after `graceMs` is cut off. */
  close: (graceMs?: number) => Promise<void>;
}>;

/** How long a client may take to send its headers, and the whole request: 10 MB in three minutes are half a megabit a second. */
export type ServerTimeouts = Readonly<{ headersMs: number; requestMs: number }>;
const TIMEOUTS: ServerTimeouts = { headersMs: 15_000, requestMs: 180_000 };
/** Longer than the proxies before us keep theirs, so that none sends a request into a connection that is being closed. */
const KEEP_ALIVE_MS = 65_000;

/** Rejects when the port is taken. Port 0 takes any free one. */
export async function listen(
  app: Express,
  { host, port, timeouts = TIMEOUTS }: Readonly<{ host: string; port: number; timeouts?: ServerTimeouts }>,
): Promise<ListeningServer> {
  const { headersMs: headersTimeout, requestMs: requestTimeout } = timeouts;
  const connectionsCheckingInterval = Math.min(5_000, headersTimeout);
  const server = createServer(
    { headersTimeout, requestTimeout, connectionsCheckingInterval, keepAliveTimeout: KEEP_ALIVE_MS },
    app,
  );
  server.on('clientError', refuseUnreadable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: async (graceMs = 5_000) => {
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(cutOff);
    },
  };
}

/** What is no HTTP request, or not in time, never reaches Express: it is answered here, in the one shape of an error, and hung up on. */
function refuseUnreadable({ code }: NodeJS.ErrnoException, socket: SocketInUse): void {
  // Gone, or part of an answer is on its way: another would corrupt it.
  if (code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) return void socket.destroy();
  const error = new AppError(REFUSALS[code ?? ''] ?? 'ERR_REQ_002');
  const requestId = randomUUID();
  const body = JSON.stringify(errorBody(error, requestId));
  const status = error.status ?? 400;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** The answer under way on the socket, if any: Node's own field, and the way its documentation names to tell. */
type SocketInUse = Socket & { readonly _httpMessage?: Readonly<{ headersSent: boolean }> | null };

const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'ERR_REQ_004',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'ERR_REQ_003',
  ERR_HTTP_REQUEST_TIMEOUT: 'ERR_REQ_005',
};
