import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.js';

const faultsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.faults;
};
const namesOf = (faults: readonly string[]) => faults.map((fault) => fault.split(':')[0]).sort((a, b) => (a! < b! ? -1 : 1));

describe('the configuration', () => {
  test('stands on its defaults, an empty variable counting as unset', () => {
    expect(parseConfig({ MARKET_DATA_PROVIDERS: '' })).toMatchObject({ config: { marketDataProviders: ['yahoo'] } });
    expect(parseConfig({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ ok: true, config: { port: 3000, databaseUrl: null } });
  });

  test('reports every fault at once, those of single variables beside those of their combination', () => {
    const faults = faultsOf({
      ENVIRONMENT: 'production',
      PORT: 'abc',
      JWT_SECRET: 'short',
      MARKET_DATA_PROVIDERS: 'files,simulated',
    });
    expect(namesOf(faults)).toEqual([
      'BETA_INVITE_CODE',
      'DATABASE_URL',
      'JWT_SECRET',
      'MARKET_DATA_DIR',
      'MARKET_DATA_PROVIDERS',
      'MARKET_DATA_PROVIDERS',
      'PORT',
    ]);
  });

  test("refuses in production what is only safe on a machine of one's own", () => {
    const faults = faultsOf({ ENVIRONMENT: 'production', CLOSEBELL_NOW: '2022-12-24T15:00:00Z', RATE_LIMITS: 'false' });
    expect(namesOf(faults)).toEqual(['BETA_INVITE_CODE', 'CLOSEBELL_NOW', 'DATABASE_URL', 'JWT_SECRET', 'RATE_LIMITS']);
  });

  test('refuses simulated prices in production, and beside real ones anywhere', () => {
    expect(namesOf(faultsOf({ MARKET_DATA_PROVIDERS: 'simulated' }))).toEqual([]);
    expect(namesOf(faultsOf({ MARKET_DATA_PROVIDERS: 'simulated,yahoo' }))).toEqual(['MARKET_DATA_PROVIDERS']);
    expect(namesOf(faultsOf({ ENVIRONMENT: 'production', MARKET_DATA_PROVIDERS: 'simulated' }))).toContain(
      'MARKET_DATA_PROVIDERS',
    );
  });

  test('wants the key of every provider that is named, and says for which', () => {
    expect(faultsOf({ MARKET_DATA_PROVIDERS: 'massive,fmp' })).toEqual([
      'MASSIVE_API_KEY: set it to your key, as MARKET_DATA_PROVIDERS names massive',
      'FMP_API_KEY: set it to your key, as MARKET_DATA_PROVIDERS names fmp',
    ]);
    expect(faultsOf({ MARKET_DATA_PROVIDERS: 'yahoo,massive,fmp', MASSIVE_API_KEY: 'm', FMP_API_KEY: 'f' })).toEqual([]);
  });

  test.each(['YAHOO', 'MASSIVE', 'FMP', 'FRED'])('takes for %s_BASE_URL a web address and nothing else', (provider) => {
    expect(faultsOf({ [`${provider}_BASE_URL`]: 'http://127.0.0.1:8080/mirror' })).toEqual([]);
    for (const wrong of ['api.example.com', 'ftp://example.com', 'postgres://example.com/x'])
      expect(namesOf(faultsOf({ [`${provider}_BASE_URL`]: wrong }))).toEqual([`${provider}_BASE_URL`]);
  });

  test('does not repeat a secret in its faults', () => {
    expect(faultsOf({ JWT_SECRET: 'hunter2' }).join()).not.toContain('hunter2');
  });
});
