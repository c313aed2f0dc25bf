ALTER TABLE "securities"
    ADD COLUMN "security_type" TEXT,
    ADD COLUMN "exchange" TEXT,
    ADD COLUMN "country" TEXT,
    ADD COLUMN "currency" VARCHAR(3),
    ADD COLUMN "market_cap" DECIMAL(24,2),
    ADD COLUMN "beta" DOUBLE PRECISION,
    ADD COLUMN "profile_by" TEXT,
    ADD COLUMN "profile_at" TIMESTAMPTZ(3),
    ADD COLUMN "profile_retry_at" TIMESTAMPTZ(3),
    ADD COLUMN "delisted_on" DATE;

CREATE TABLE "quarantined_bars" (
    "symbol" VARCHAR(100) NOT NULL,
    "session_date" DATE NOT NULL,
    "provider" TEXT NOT NULL,
    "open" DOUBLE PRECISION,
    "high" DOUBLE PRECISION,
    "low" DOUBLE PRECISION,
    "close" DOUBLE PRECISION NOT NULL,
    "volume" DOUBLE PRECISION,
    "reason" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "accepted_at" TIMESTAMPTZ(3),

    CONSTRAINT "quarantined_bars_pkey" PRIMARY KEY ("symbol","session_date","provider")
);

CREATE INDEX "quarantined_bars_last_seen_at_idx" ON "quarantined_bars"("last_seen_at");

CREATE TABLE "quotes" (
    "symbol" VARCHAR(100) NOT NULL,
    "price" DECIMAL(20,6) NOT NULL,
    "previous_close" DECIMAL(20,6),
    "currency" VARCHAR(3),
    "quoted_at" TIMESTAMPTZ(3) NOT NULL,
    "provider" TEXT NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quotes_pkey" PRIMARY KEY ("symbol")
);

CREATE TABLE "intraday_values" (
    "portfolio_id" UUID NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "total_value" DECIMAL(20,4) NOT NULL,
    "coverage" DOUBLE PRECISION,
    "oldest_quote_at" TIMESTAMPTZ(3),

    CONSTRAINT "intraday_values_pkey" PRIMARY KEY ("portfolio_id","recorded_at")
);

CREATE INDEX "intraday_values_recorded_at_idx" ON "intraday_values"("recorded_at");

ALTER TABLE "intraday_values" ADD CONSTRAINT "intraday_values_portfolio_id_fkey"
    FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "interest_rates" (
    "series" TEXT NOT NULL,
    "rate_date" DATE NOT NULL,
    "percent" DECIMAL(9,4) NOT NULL,
    "provider" TEXT NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "interest_rates_pkey" PRIMARY KEY ("series","rate_date")
);
