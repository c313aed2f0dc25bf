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

  test("takes TLT's duration and convexity within bounds", () => {
    expect(parseConfig({})).toMatchObject({ config: { tltSensitivity: { duration: 16.5, convexity: 380 } } });
    expect(parseConfig({ TLT_DURATION_YEARS: '15.9', TLT_CONVEXITY_YEARS2: '350' })).toMatchObject({
      config: { tltSensitivity: { duration: 15.9, convexity: 350 } },
    });
    const faults = faultsOf({ TLT_DURATION_YEARS: '-1', TLT_CONVEXITY_YEARS2: '2001' });
    expect(namesOf(faults)).toEqual(['TLT_CONVEXITY_YEARS2', 'TLT_DURATION_YEARS']);
  });

  test("refuses in production what is only safe on a machine of one's own", () => {
    const faults = faultsOf({ ENVIRONMENT: 'production', CLOSEBELL_NOW: '2022-12-24T15:00:00Z', RATE_LIMITS: 'false' });
    expect(namesOf(faults)).toEqual(['BETA_INVITE_CODE', 'CLOSEBELL_NOW', 'DATABASE_URL', 'JWT_SECRET', 'RATE_LIMITS']);
  });

  test.each([
    ['JWT_SECRET', 'x'.repeat(64)],
    ['JWT_SECRET', 'abcabcabcabcabcabcabcabcabcabcabcabc'],
    ['BETA_INVITE_CODE', ' closebell-dev '],
    ['BETA_INVITE_CODE', 'BETA'],
  ])('refuses in production the weak %s %s', (name, value) => {
    const strong = {
      ENVIRONMENT: 'production',
      DATABASE_URL: 'postgres://closebell:pw@db/closebell',
      JWT_SECRET: '0f8d3c1ab7e6429586d1c0fa9e3b7248',
      BETA_INVITE_CODE: 'SPRING-2026',
    };
    expect(faultsOf(strong)).toEqual([]);
    expect(namesOf(faultsOf({ ...strong, [name]: value }))).toEqual([name]);
  });

  test('takes origins for CORS, and neither "*" nor anything else that lets strangers in', () => {
    const good = 'https://app.example.com, http://localhost:5173,http://[::1]:8080';
    expect(parseConfig({ CORS_ORIGINS: good })).toMatchObject({
      config: { corsOrigins: ['https://app.example.com', 'http://localhost:5173', 'http://[::1]:8080'] },
    });
    for (const wrong of [
      '*',
      'https://*.example.com',
      'null',
      'example.com',
      'https://example.com/',
      'https://a.example/x',
      'ftp://a.b',
    ])
      expect(namesOf(faultsOf({ CORS_ORIGINS: `https://app.example.com,${wrong}` })), wrong).toEqual(['CORS_ORIGINS']);
  });

  test('takes for COOKIE_DOMAIN a domain that a browser would accept', () => {
    for (const good of ['example.com', '.app.example.com']) expect(faultsOf({ COOKIE_DOMAIN: good })).toEqual([]);
    for (const wrong of ['com', 'https://example.com', 'example.com:443', 'example.com; Secure', 'exam ple.com'])
      expect(namesOf(faultsOf({ COOKIE_DOMAIN: wrong })), wrong).toEqual(['COOKIE_DOMAIN']);
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
