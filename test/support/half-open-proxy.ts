// A road between two programs that can go bad: connections stay open and nothing comes through.
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export type HalfOpenProxy = Readonly<{
  /** `url` with the proxy's address in place of its own. */
  through: (url: string) => string;
  /** Nothing comes through any more, on old connections and on new ones; none is closed. */
  stall: () => void;
  /** New connections work. Old ones go on where they stopped, or, `forgotten`, stay open and mute for ever. */
  heal: (old: 'resumed' | 'forgotten') => void;
  /** Closes the forgotten connections at both ends, as keep-alive does in the end. */
  cut: () => void;
  close: () => Promise<void>;
}>;

type Road = { readonly ends: readonly [Socket, Socket]; state: 'open' | 'stalled' | 'forgotten' };

export async function startHalfOpenProxy(targetUrl: string): Promise<HalfOpenProxy> {
  const { hostname, port } = new URL(targetUrl);
  const roads = new Set<Road>();
  let stalled = false;
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    const road: Road = { ends: [near, far], state: 'open' };
    roads.add(road);
    join(road, () => roads.delete(road));
    if (stalled) pause(road);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = (server.address() as AddressInfo).port;
  return {
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(own);
      return changed.href;
    },
    stall: () => {
      stalled = true;
      roads.forEach(pause);
    },
    heal: (old) => {
      stalled = false;
      for (const road of roads) {
        if (road.state !== 'stalled') continue;
        if (old === 'resumed') resume(road);
        else road.state = 'forgotten';
      }
    },
    cut: () => {
      for (const { ends, state } of roads) if (state === 'forgotten') for (const end of ends) end.destroy();
    },
    close: async () => {
      for (const { ends } of roads) for (const end of ends) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function join({ ends: [near, far] }: Road, onEnd: () => void): void {
  near.pipe(far);
  far.pipe(near);
  for (const [end, other] of [
    [near, far],
    [far, near],
  ] as const) {
    end.on('error', () => {});
    end.on('close', () => {
      other.destroy();
      onEnd();
    });
  }
}

/** Unread bytes stay in the system's buffers. A close is not seen either while nothing is read. */
function pause(road: Road): void {
  if (road.state !== 'open') return;
  road.state = 'stalled';
  const [near, far] = road.ends;
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}

function resume(road: Road): void {
  road.state = 'open';
  const [near, far] = road.ends;
  near.pipe(far);
  far.pipe(near);
}
