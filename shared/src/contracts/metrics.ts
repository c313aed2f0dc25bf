import { endpoint } from './endpoint.js';

/** Answers at the root only, where scrapers look. */
export const getMetrics = endpoint({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics of all processes, for Prometheus. METRICS_TOKEN is accepted as the bearer token',
  tag: 'System',
  auth: 'superuser',
  responses: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
  errors: ['ERR_AUTH_001', 'ERR_ADMIN_001', 'ERR_SYS_002'],
});
