// /metrics: what all processes have counted, what the jobs table holds now, and how this process fares.
import { readMetricValues } from '@closebell/prisma/metric-values';
import { listProviderCircuits } from '@closebell/prisma/provider-circuits';
import { readLastBatchSeconds, readQueueDepth } from '@closebell/prisma/queue-depth';
import { getMetrics } from '@closebell/shared/contracts/metrics';
import type { Request, Response, Router } from 'express';
import { createHash, timingSafeEqual } from 'node:crypto';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ApiContext } from './context.js';
import { liveFamilies, storedFamilies, type MetricFamily } from './metric-families.js';
import { route } from './route.js';

const FRESH_FOR_MS = 1_000;
/** Gauges of the library that carry a counter's name, which `promtool check metrics` refuses. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** At the root. For superusers, and for whoever sends METRICS_TOKEN as the bearer token. */
export function metricsRoutes(router: Router, context: ApiContext): void {
  const ownProcess = new Registry();
  collectDefaultMetrics({ register: ownProcess });
  for (const name of MISNAMED) ownProcess.removeSingleMetric(name);
  const scrape = remembered(FRESH_FOR_MS, () => writeMetrics(context, ownProcess));
  const headers = { 'Content-Type': ownProcess.contentType, 'Cache-Control': 'no-store' };

  // A scraper has a token but no account, so it is let in before anybody is asked who they are.
  router.get(getMetrics.path, async (request: Request, response: Response, next) => {
    if (isScraper(context, request)) response.set(headers).send(await scrape());
    else next();
  });
  route(router, context, getMetrics, async () => ({ status: 200, body: await scrape(), headers }));
}

/** Compares digests: how long it takes tells nothing about the token, nor about its length. */
function isScraper({ config }: ApiContext, request: Request): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1];
  if (config.metricsToken === null || given === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(config.metricsToken));
}

async function writeMetrics({ db }: ApiContext, ownProcess: Registry): Promise<string> {
  const [stored, depth, circuits, lastBatchSeconds] = await Promise.all([
    readMetricValues(db.pool),
    readQueueDepth(db.pool),
    listProviderCircuits(db.pool),
    readLastBatchSeconds(db.pool),
  ]);
  const families = [...storedFamilies(stored), ...liveFamilies({ depth, stored, circuits, lastBatchSeconds })];
  return `${await formatted(families)}\n${await ownProcess.metrics()}`;
}

/** A registry of the moment: these values come from the database as they are, where the library's own metrics would count by themselves. */
async function formatted(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry();
  for (const family of families) {
    // All that a registry asks of a metric; the library's type describes its own classes only.
    const metric = { name: family.name, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }
  return registry.metrics();
}

/** The last result while it is fresh, also while it is still being worked out; a failure is not remembered. */
function remembered<T>(freshForMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: Readonly<{ at: number; result: Promise<T> }> | null = null;
  return () => {
    if (last !== null && performance.now() - last.at < freshForMs) return last.result;
    const current = { at: performance.now(), result: read() };
    last = current;
    current.result.catch(() => {
      if (last === current) last = null;
    });
    return current.result;
  };
}
