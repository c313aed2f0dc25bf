// Counts and times every request by method and status: never by path, which holds ids.
import type { Metrics } from '@closebell/shared/metrics';
import type { RequestHandler } from 'express';

export function requestMetrics(metrics: Metrics): RequestHandler {
  return ({ method }, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      metrics.count('closebell_http_requests_total', { method, status });
      // A stream of events lasts as long as its reader likes.
      const isStream = String(response.getHeader('Content-Type')).startsWith('text/event-stream');
      if (!isStream) metrics.observe('closebell_http_request_seconds', { method }, (performance.now() - startedAt) / 1_000);
    });
    next();
  };
}
