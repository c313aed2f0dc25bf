// 202: work that is under way, and where to ask how it stands.
import type { Reply } from './reply.js';

export function accepted(pollUrl: string, body: object): Reply {
  return { status: 202, headers: { Location: pollUrl, 'Retry-After': '1' }, body };
}

/** `created`: by this very request; else it joins work that was under way. */
export function startedStatus(created: boolean): 'started' | 'already_running' {
  return created ? 'started' : 'already_running';
}

export function calculationUrl(portfolioId: string, runId: string): string {
  return `/api/v1/portfolio/${portfolioId}/batch-status/${runId}`;
}
