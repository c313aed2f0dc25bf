// A provider's server of our own making: answers as documented with figures of no market, keeps what it was asked, and fails on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request gets: a value as JSON, with 200 where no status is given. */
export type Reply = Readonly<{ status?: number; body: unknown }>;

/** Writes a whole answer itself, or none. */
export type Failure = (response: ServerResponse) => void;

export type StandIn = Readonly<{
  url: string;
  /** Paths with their query, oldest first. */
  asked: string[];
  /** From now on every request, or those whose path or query contains `only`, fails in this way; null ends it. */
  failWith: (failure: Failure | null, only?: string) => void;
  close: () => Promise<void>;
}>;

/** `reply` is asked with the path and query below `prefix`, under which, as a mirror might, the server lives. */
export async function startStandIn(reply: (url: URL, request: IncomingMessage) => Reply, prefix = '/mirror'): Promise<StandIn> {
  const asked: string[] = [];
  let failing: Readonly<{ failure: Failure; only: string }> | null = null;
  const server = createServer((request, response) => {
    const url = new URL((request.url ?? '').replace(prefix, ''), 'http://stand-in');
    asked.push(url.pathname + url.search);
    if (failing !== null && (url.pathname + url.search).includes(failing.only)) return failing.failure(response);
    const { status = 200, body } = reply(url, request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    asked,
    failWith: (failure, only = '') => {
      failing = failure === null ? null : { failure, only };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
