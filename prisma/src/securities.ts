// What providers say of securities: name, sector, exchange … Filled once, renewed weekly; what is known is never lost to a silence.
import type { SecurityProfile } from '@closebell/shared/market-data/provider';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';

export type ProvidedProfile = SecurityProfile & Readonly<{ provider: string }>;

/** A profile as stored. Money in the security's own currency. */
export type StoredProfile = ProvidedProfile & Readonly<{ asOf: Date }>;

export type ProfileAge = Readonly<{
  /** Profiles that are older are due as well; null: only missing ones. */
  olderThanDays: number | null;
}>;

/** Those of the symbols whose profile is due, and was not refused of late: missing ones first, then the oldest. */
export async function listProfilesDue(
  client: Queryable,
  symbols: readonly string[],
  { olderThanDays }: ProfileAge,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ symbol: string }>(
    `SELECT wanted.symbol FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     LEFT JOIN securities ON securities.symbol = wanted.symbol
     WHERE (profile_at IS NULL OR profile_at < clock_timestamp() - make_interval(days => $2::int))
       AND (profile_retry_at IS NULL OR profile_retry_at <= clock_timestamp())
     ORDER BY profile_at NULLS FIRST, place`,
    [symbols, olderThanDays],
  );
  return rows.map(({ symbol }) => symbol);
}

/** Stores each, field by field: what a provider does not say this time stays as it is. */
export async function storeProfiles(db: Db, hold: JobHold, profiles: readonly ProvidedProfile[]): Promise<void> {
  if (profiles.length === 0) return;
  // In the order of symbols: two workers that store the same ones must not lock them crosswise.
  await inHeldTransaction(db, hold, (client) =>
    client.query(
      `INSERT INTO securities (symbol, name, security_type, sector, industry, exchange, country, currency, market_cap, beta, profile_by, profile_at)
       SELECT *, clock_timestamp() FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
         $9::numeric[], $10::float8[], $11::text[]) ORDER BY 1
       ON CONFLICT (symbol) DO UPDATE SET name = coalesce(EXCLUDED.name, securities.name),
         security_type = coalesce(EXCLUDED.security_type, securities.security_type), sector = coalesce(EXCLUDED.sector, securities.sector),
         industry = coalesce(EXCLUDED.industry, securities.industry), exchange = coalesce(EXCLUDED.exchange, securities.exchange),
         country = coalesce(EXCLUDED.country, securities.country), currency = coalesce(EXCLUDED.currency, securities.currency),
         market_cap = coalesce(EXCLUDED.market_cap, securities.market_cap), beta = coalesce(EXCLUDED.beta, securities.beta),
         profile_by = EXCLUDED.profile_by, profile_at = EXCLUDED.profile_at, profile_retry_at = NULL`,
      profileColumns(profiles),
    ),
  );
}

function profileColumns(profiles: readonly ProvidedProfile[]): unknown[] {
  const column = <T>(value: (profile: ProvidedProfile) => T): readonly T[] => profiles.map(value);
  return [
    column(({ symbol }) => symbol),
    column(({ name }) => storable(name)),
    column(({ securityType }) => storable(securityType)),
    column(({ sector }) => storable(sector)),
    column(({ industry }) => storable(industry)),
    column(({ exchange }) => storable(exchange)),
    column(({ country }) => storable(country)),
    column(({ currency }) => (currency !== null && CURRENCY.test(currency) ? currency : null)),
    column(({ marketCap }) => (marketCap !== null && marketCap >= 0 && marketCap < MARKET_CAP_MAX ? marketCap : null)),
    column(({ beta }) => (beta !== null && Number.isFinite(beta) ? beta : null)),
    column(({ provider }) => provider),
  ];
}

const CURRENCY = /^[A-Z]{3}$/;
/** What the column holds; no company comes near it. */
const MARKET_CAP_MAX = 1e21;
const TEXT_CHARACTERS_MAX = 500;

/** Postgres has no text with a NUL. One wrong field of a provider must not cost the others. */
function storable(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '').slice(0, TEXT_CHARACTERS_MAX);
}

export type ProfileRefusal = Readonly<{ symbol: string; retryAfterMs: number }>;

/** Remembers that there was no profile, so that it is not asked for before. */
export async function noteProfileRefusals(db: Db, hold: JobHold, refusals: readonly ProfileRefusal[]): Promise<void> {
  if (refusals.length === 0) return;
  await inHeldTransaction(db, hold, (client) =>
    client.query(
      `INSERT INTO securities (symbol, profile_retry_at)
       SELECT symbol, clock_timestamp() + make_interval(secs => ms / 1000) FROM unnest($1::text[], $2::float8[]) AS given (symbol, ms)
       ORDER BY symbol ON CONFLICT (symbol) DO UPDATE SET profile_retry_at = EXCLUDED.profile_retry_at`,
      [refusals.map(({ symbol }) => symbol), refusals.map(({ retryAfterMs }) => retryAfterMs)],
    ),
  );
}

/** In the order asked; a symbol without a profile is absent. */
export async function loadProfiles(client: Queryable, symbols: readonly string[]): Promise<readonly StoredProfile[]> {
  const { rows } = await client.query<StoredProfile>(
    `SELECT wanted.symbol, name, security_type AS "securityType", sector, industry, exchange, country, currency,
       market_cap::float8 AS "marketCap", beta, profile_by AS provider, profile_at AS "asOf"
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     JOIN securities ON securities.symbol = wanted.symbol AND profile_at IS NOT NULL ORDER BY place`,
    [symbols],
  );
  return rows;
}
