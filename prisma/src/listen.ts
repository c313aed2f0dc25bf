// One connection that hears a channel of Postgres and comes back after a failure. What is sent while it is away is lost:
// whoever listens also polls.
import pg from 'pg';

export type Listener = Readonly<{ close: () => Promise<void> }>;

const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 2_000;
/** A proxy that drops the connection silently is noticed by this. */
const KEEP_ALIVE_DELAY_MS = 10_000;

/** Starts at once and in the background; `onConnect` runs after each connection, when something may have been missed. */
export function listen(
  databaseUrl: string,
  channel: string,
  { onNotify, onConnect = () => {} }: Readonly<{ onNotify: (payload: string) => void; onConnect?: () => void }>,
): Listener {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let delayMs = RECONNECT_MS_MIN;
  let closed = false;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      application_name: `closebell ${channel}`,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    });
    client = fresh;
    fresh.on('notification', ({ payload }) => onNotify(payload ?? ''));
    // Without this an idle connection's error would end the process; 'end' follows it and reconnects.
    fresh.on('error', () => {});
    fresh.once('end', reconnectLater);
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${channel}`);
      delayMs = RECONNECT_MS_MIN;
      onConnect();
    } catch {
      await fresh.end().catch(() => {});
      reconnectLater();
    }
  };

  function reconnectLater(): void {
    if (closed || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      connecting = connect();
    }, delayMs);
    delayMs = Math.min(delayMs * 2, RECONNECT_MS_MAX);
  }

  let connecting = connect();
  return {
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
}
