// The listening socket: opened, and closed without cutting off who is being answered.
import type { Express } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ListeningServer = Readonly<{
  url: string;
  /** Takes no new connection; answers under way are finished, and what is still open after `graceMs` is cut off. */
  close: (graceMs?: number) => Promise<void>;
}>;

/** Rejects when the port is taken. Port 0 takes any free one. */
export async function listen(app: Express, { host, port }: Readonly<{ host: string; port: number }>): Promise<ListeningServer> {
  const server = createServer(app);
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
