import { createServer, type AddressInfo } from 'node:net';

/** `wanted` if nothing listens there on 127.0.0.1, else any free TCP port; 0 wants any. */
export async function freePort(wanted = 0): Promise<number> {
  const port = (await tryToListen(wanted)) ?? (await tryToListen(0));
  if (port === null) throw new Error('No TCP port is free on 127.0.0.1.');
  return port;
}

async function tryToListen(port: number): Promise<number | null> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const { port: bound } = probe.address() as AddressInfo;
      probe.close(() => resolve(bound));
    });
  });
}
