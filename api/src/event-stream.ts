// Server-sent events on the wire. What is sent, and when, its user decides.
import type { Response } from 'express';

export type ServerEvent = Readonly<{ event: string; id?: string; data: unknown }>;

export type EventStream = Readonly<{
  /** False when the client is behind: nothing was sent, and the newest state can be sent later in its place. */
  send: (event: ServerEvent) => boolean;
  end: () => void;
}>;

/** No cache may keep it, no proxy may change it or hold it back until a buffer is full. */
export const EVENT_STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'private, no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/** Shorter than the patience of any proxy. */
const HEARTBEAT_MS = 15_000;
/** When a client whose connection was cut should come back. */
const RETRY_MS = 2_000;

/** `onClose`: the stream is over, whoever ended it. */
export function openEventStream(response: Response, onClose: () => void): EventStream {
  response.status(200).set(EVENT_STREAM_HEADERS);
  response.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => {
    // A client that took nothing since the last heartbeat is gone, and its connection only looks open.
    if (response.writableNeedDrain) response.destroy();
    else response.write(': alive\n\n');
  }, HEARTBEAT_MS);
  response.once('close', () => {
    clearInterval(heartbeat);
    onClose();
  });
  return {
    send: ({ event, id, data }) => {
      if (response.writableNeedDrain || response.writableEnded) return false;
      response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
      return true;
    },
    end: () => void response.end(),
  };
}
