// For every endpoint a request that is good when its owner sends it: the one table from which ownership, canary and contract are proved.
// An endpoint that is missing here fails those tests by name.
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { TEST_INVITE_CODE, TEST_PASSWORD } from '../support/app.js';
import type { Ids } from './records.js';
import type { Sent } from './send.js';

/** What a request is made of beside the ids of somebody's records. */
export type Asking = Readonly<{
  /** Taken by nobody yet. */
  fresh: string;
  email: string;
  refreshToken: string;
  userId: string;
}>;

type Parts = Readonly<{
  path?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}>;

type Filled = (ids: Ids, asking: Asking) => Parts;

const plain: Filled = () => ({});
const portfolio: Filled = (ids) => ({ path: { id: ids.portfolio } });
const ofRun: Filled = (ids) => ({ path: { id: ids.portfolio, run: ids.run } });
const anImport: Filled = (ids) => ({ path: { id: ids.import } });
const tag: Filled = (ids) => ({ path: { id: ids.tag } });
const position: Filled = (ids) => ({ path: { id: ids.position } });
const tagging: Filled = (ids) => ({ path: { id: ids.privatePosition }, body: { tag_ids: [ids.tag] } });
const privatePosition: Filled = (ids) => ({ path: { id: ids.privatePosition } });
const equityChange: Filled = (ids) => ({ path: { id: ids.portfolio, change: ids.equityChange } });
const targetPrice: Filled = (ids) => ({ path: { id: ids.targetPrice } });
const ownJob: Filled = (ids) => ({ path: { id: ids.report } });
const job: Filled = (ids) => ({ path: { id: ids.run } });
const aggregate: Filled = (ids) => ({ query: { portfolio_ids: `${ids.portfolio},${ids.secondPortfolio}` } });
const symbols: Filled = () => ({ query: { symbols: 'AAPL,MSFT' } });

const CSV = 'Symbol,Quantity,Entry Price Per Share,Entry Date\r\nAAPL,10,150.00,2024-01-16\r\n';

/** By method and path; what is below /portfolios/:id/ is listed once, below /portfolio/:id/. */
const REQUESTS: Readonly<Record<string, Filled>> = {
  'post /onboarding/register': (_ids, { fresh }) => ({
    body: { email: `${fresh}@example.com`, password: TEST_PASSWORD, full_name: 'Ada Test', invite_code: TEST_INVITE_CODE },
  }),
  'post /auth/login': (_ids, { email }) => ({ body: { email, password: TEST_PASSWORD } }),
  'post /auth/refresh': (_ids, { refreshToken }) => ({ body: { refresh_token: refreshToken } }),
  'post /auth/logout': () => ({ body: {} }),
  'get /auth/me': plain,

  'get /onboarding/csv-template': plain,
  'post /onboarding/create-portfolio': (_ids, { fresh }) => ({
    body: form({ portfolio_name: fresh, account_name: fresh, account_type: 'taxable', equity_balance: '1000' }),
    headers: { Prefer: 'respond-async' },
  }),
  'post /onboarding/preview': () => ({ body: form({}) }),
  'get /imports/:id': anImport,
  'get /imports/:id/errors': anImport,

  'post /portfolio/:id/calculate': portfolio,
  'get /portfolio/:id/batch-status/:run': ofRun,
  'get /portfolio/:id/batch-status/:run/events': ofRun,
  'post /portfolio/:id/batch-status/:run/cancel': ofRun,
  'get /portfolio/:id/readiness': portfolio,

  'get /portfolios': plain,
  'get /portfolios/:id': portfolio,
  'get /portfolio/:id/history': portfolio,
  'get /portfolio/:id/snapshots/:date': (ids) => ({ path: { id: ids.portfolio, date: '2025-03-12' } }),

  'post /portfolios': (_ids, { fresh }) => ({
    body: { portfolio_name: fresh, account_name: fresh, account_type: 'taxable', equity_balance: 1_000 },
  }),
  'put /portfolios/:id': (ids, { fresh }) => ({ path: { id: ids.portfolio }, body: { portfolio_name: fresh } }),
  'delete /portfolios/:id': portfolio,
  'get /portfolio/:id/performance': portfolio,
  'post /portfolio/:id/snapshots/backfill': (ids) => ({
    path: { id: ids.portfolio },
    body: { start_date: '2025-03-10', end_date: '2025-03-12' },
  }),
  'get /portfolio/:id/positions': portfolio,
  'post /portfolio/:id/positions': (ids) => ({
    path: { id: ids.portfolio },
    body: { symbol: 'NVDA', quantity: 1, entry_price: 100, entry_date: '2025-01-02' },
  }),
  'get /positions/:id': position,
  'put /positions/:id': (ids) => ({ path: { id: ids.position }, body: { quantity: 11 } }),
  'delete /positions/:id': position,
  'get /positions/:id/marks': privatePosition,
  'post /positions/:id/marks': (ids) => ({ path: { id: ids.privatePosition }, body: { mark_date: '2025-03-11', price: 110 } }),
  'delete /positions/:id/marks/:date': (ids) => ({ path: { id: ids.privatePosition, date: '2025-03-10' } }),
  'get /portfolio/:id/trades': portfolio,
  'post /portfolio/:id/trades': (ids) => ({
    path: { id: ids.portfolio },
    body: { symbol: 'NVDA', side: 'buy', quantity: 1, price: 100 },
  }),
  'get /portfolio/:id/equity-changes': portfolio,
  'get /portfolio/:id/equity-changes/summary': portfolio,
  'post /portfolio/:id/equity-changes': (ids) => ({
    path: { id: ids.portfolio },
    body: { change_type: 'CONTRIBUTION', amount: 10, change_date: '2025-03-12' },
  }),
  'get /portfolio/:id/equity-changes/:change': equityChange,
  'put /portfolio/:id/equity-changes/:change': (ids) => ({
    path: { id: ids.portfolio, change: ids.equityChange },
    body: { amount: 20 },
  }),
  'delete /portfolio/:id/equity-changes/:change': equityChange,
  'get /portfolio/:id/target-prices': portfolio,
  'post /portfolio/:id/target-prices': (ids) => ({ path: { id: ids.portfolio }, body: { symbol: 'NVDA', target_price: 120 } }),
  'post /portfolio/:id/target-prices/import': (ids) => ({
    path: { id: ids.portfolio },
    body: form({}, 'symbol,target_price\r\nNVDA,120\r\n'),
  }),
  'get /portfolio/:id/target-prices/export': portfolio,
  'get /target-prices/:id': targetPrice,
  'put /target-prices/:id': (ids) => ({ path: { id: ids.targetPrice }, body: { target_price: 130 } }),
  'delete /target-prices/:id': targetPrice,

  'get /data/portfolios': plain,
  'get /data/portfolio/:id/complete': portfolio,
  'get /data/positions/details': (ids) => ({ query: { position_ids: `${ids.position},${ids.privatePosition}` } }),
  'get /data/prices/historical/:id': portfolio,
  'get /data/factors/etf-prices': plain,

  'get /export/portfolio/:id': (ids) => ({ path: { id: ids.portfolio }, headers: { Prefer: 'respond-async' } }),
  'post /export/trades': () => ({ body: { trades: [{ symbol: 'NVDA', side: 'buy', quantity: 1, price: 100 }] } }),
  'post /export/reports': (ids) => ({ body: { portfolio_id: ids.portfolio } }),
  'get /system/jobs/:id': ownJob,
  'get /system/jobs/:id/result': ownJob,
  'post /system/jobs/:id/cancel': ownJob,

  'get /watchlist': plain,
  'post /watchlist': () => ({ body: { symbol: 'NVDA' } }),
  'delete /watchlist/:symbol': () => ({ path: { symbol: 'TSLA' } }),
  'get /tags': plain,
  'post /tags': (_ids, { fresh }) => ({ body: { name: fresh } }),
  'get /tags/:id': tag,
  'put /tags/:id': (ids, { fresh }) => ({ path: { id: ids.tag }, body: { name: fresh } }),
  'delete /tags/:id': tag,
  'get /tags/:id/positions': tag,
  'get /positions/:id/tags': position,
  'post /positions/:id/tags': tagging,
  'put /positions/:id/tags': tagging,
  'delete /positions/:id/tags/:tag_id': (ids) => ({ path: { id: ids.position, tag_id: ids.tag } }),

  'get /data/prices/quotes': symbols,
  'get /data/company-profiles': symbols,
  'get /data/portfolio/:id/data-quality': portfolio,

  'get /analytics/portfolio/:id/overview': portfolio,
  'get /analytics/portfolio/:id/correlation-matrix': portfolio,
  'get /analytics/portfolio/:id/diversification-score': portfolio,
  'get /analytics/portfolio/:id/factor-exposures': portfolio,
  'get /analytics/portfolio/:id/positions/factor-exposures': portfolio,
  'get /analytics/portfolio/:id/risk-metrics': portfolio,
  'get /analytics/portfolio/:id/stress-test': portfolio,
  'get /analytics/portfolio/:id/volatility': portfolio,
  'get /analytics/portfolio/:id/greeks': portfolio,
  'get /analytics/portfolio/:id/concentration': portfolio,
  'get /analytics/portfolio/:id/sector-exposure': portfolio,
  'get /analytics/portfolio/:id/value-at-risk': portfolio,
  'get /analytics/portfolio/:id/attribution': portfolio,
  'get /analytics/aggregate/overview': aggregate,
  'get /analytics/aggregate/beta': aggregate,
  'get /analytics/aggregate/volatility': aggregate,
  'get /analytics/aggregate/factor-exposures': aggregate,
  'get /analytics/aggregate/stress-test': aggregate,
  'get /analytics/factors/definitions': plain,
  'get /analytics/stress/scenarios': plain,
  'post /analytics/greeks/calculate': () => ({
    body: { positions: [{ type: 'call', spot: 100, strike: 100, years: 1, volatility: 0.2, rate: 0.05 }] },
  }),

  'post /admin/batch/run': (ids) => ({ query: { portfolio_id: ids.portfolio } }),
  'get /admin/batch/runs': plain,
  'get /admin/batch/runs/:id': job,
  'get /admin/batch/history': plain,
  'post /admin/batch/cleanup-incomplete': (ids) => ({ query: { portfolio_id: ids.portfolio } }),
  'post /admin/batch/trigger/:phase': () => ({ path: { phase: 'market-data' }, body: {} }),
  'get /admin/jobs': plain,
  'get /admin/jobs/failures': plain,
  'get /admin/jobs/:id': job,
  'post /admin/jobs/retry': () => ({ body: { fingerprint: 'nothing fails like this' } }),
  'post /admin/jobs/:id/retry': (ids) => ({ path: { id: ids.failedRun } }),
  'post /admin/jobs/:id/cancel': job,
  'get /admin/audit': plain,
  'get /admin/data-quality': plain,
  'post /admin/data-quality/quarantine/accept': (ids) => ({
    body: { symbol: ids.quarantinedSymbol, session_date: '2025-03-12', provider: 'yahoo' },
  }),
  'post /admin/snapshots/daily': plain,
  'post /admin/portfolios/:id/snapshots': portfolio,
  'get /admin/users': plain,
  'put /admin/users/:id': (_ids, { userId }) => ({ path: { id: userId }, body: { is_active: true } }),
  'post /admin/impersonate': (_ids, { userId }) => ({ body: { target_user_id: userId, reason: 'asked for help' } }),
  'post /admin/stop-impersonation': plain,
  'get /admin/invite-codes': plain,
  'post /admin/invite-codes': (_ids, { fresh }) => ({ body: { code: fresh } }),
  'put /admin/invite-codes/:id': (ids) => ({ path: { id: ids.inviteCode }, body: { cohort: 'spring' } }),
  'delete /admin/invite-codes/:id': (ids) => ({ path: { id: ids.inviteCode } }),

  'get /health': plain,
  'get /health/ready': plain,
  'get /health/prerequisites': plain,
  'get /openapi.json': plain,
};

export const keyOf = ({ method, path }: Pick<Endpoint, 'method' | 'path'>): string => `${method} ${path}`;

function filledOf(definition: Endpoint): Filled | undefined {
  const key = keyOf(definition);
  return REQUESTS[key] ?? REQUESTS[key.replace('/portfolios/', '/portfolio/')];
}

/** Endpoints that the table lacks, and lines of the table that no endpoint has. */
export function gapsOfTable(): Readonly<{ missing: readonly string[]; stray: readonly string[] }> {
  const listed = new Set(ENDPOINTS.flatMap((each) => [keyOf(each), keyOf(each).replace('/portfolios/', '/portfolio/')]));
  return {
    missing: ENDPOINTS.filter((each) => filledOf(each) === undefined).map(keyOf),
    stray: Object.keys(REQUESTS).filter((key) => !listed.has(key)),
  };
}

/** The good request of an endpoint for these records. */
export function requestOf(definition: Endpoint, ids: Ids, asking: Asking): Sent {
  const filled = filledOf(definition);
  if (filled === undefined) throw new Error(`${keyOf(definition)} is not in the table of requests`);
  const { path: params = {}, query = {}, body, headers = {} } = filled(ids, asking);
  const path = definition.path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? `{${name}}`);
  const search = new URLSearchParams(query).toString();
  return {
    method: definition.method,
    path: `/api/v1${path}${search === '' ? '' : `?${search}`}`,
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

/** Which of somebody's records the request of an endpoint names, be it in its path, its query or its body. */
export function idsNamedBy(definition: Endpoint, ids: Ids, asking: Asking): readonly (keyof Ids)[] {
  const named = new Set<keyof Ids>();
  const watched = new Proxy(ids, {
    get: (all, name) => {
      named.add(name as keyof Ids);
      return all[name as keyof Ids];
    },
  });
  requestOf(definition, watched, asking);
  return [...named];
}

function form(fields: Readonly<Record<string, string>>, csv = CSV): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append('csv_file', new Blob([csv]), 'positions.csv');
  return data;
}
