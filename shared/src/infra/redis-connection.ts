// A Redis connection for what may fail: counters, not jobs. It answers in time or rejects, and heals by itself.
import { Redis } from 'ioredis';

const RECONNECT_MS_MAX = 2_000;

/** Connects in the background; commands reject at once while it is away, and after `answerMs` while it says nothing. */
export function connectRedis(url: string, { answerMs = 1_000 }: Readonly<{ answerMs?: number }> = {}): Redis {
  const redis = new Redis(url, {
    commandTimeout: answerMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: (tries) => Math.min(tries * 100, RECONNECT_MS_MAX),
  });
  // Without a listener an error would end the process; who uses the connection hears of it from the command.
  redis.on('error', () => {});
  return redis;
}
