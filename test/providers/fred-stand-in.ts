import { startStandIn, type StandIn } from './stand-in.js';

export const FRED_KEY = 'fred+key/of:tests';

/** Two weeks, New Year's Day among them. */
const OBSERVATIONS: Readonly<Record<string, readonly (readonly [date: string, value: string])[]>> = {
  DGS3MO: [
    ['2024-12-30', '4.37'],
    ['2024-12-31', '4.35'],
    ['2025-01-01', '.'],
    ['2025-01-02', '4.36'],
    ['2025-01-03', '0.00'],
    ['2025-01-06', '-0.01'],
  ],
};

export function startFred(): Promise<StandIn> {
  return startStandIn(({ pathname, searchParams }) => {
    const refused = (message: string) => ({ status: 400, body: { error_code: 400, error_message: `Bad Request.  ${message}` } });
    if (searchParams.get('api_key') !== FRED_KEY) return refused('The value for variable api_key is not registered.');
    const series = OBSERVATIONS[searchParams.get('series_id') ?? ''];
    if (pathname !== '/fred/series/observations' || searchParams.get('file_type') !== 'json' || series === undefined)
      return refused('The series does not exist.');
    const from = searchParams.get('observation_start') ?? '';
    const to = searchParams.get('observation_end') ?? '9';
    const observations = series
      .filter(([date]) => date >= from && date <= to)
      .map(([date, value]) => ({ realtime_start: '2025-04-01', realtime_end: '2025-04-01', date, value }));
    return { body: { count: observations.length, observations } };
  });
}
