CREATE TABLE "factor_models" (
    "session_date" DATE NOT NULL,
    "factors" TEXT[],
    "proxies" JSONB NOT NULL,
    "covariance" DOUBLE PRECISION[],
    "observations" INTEGER NOT NULL,
    "is_shrunk" BOOLEAN NOT NULL,
    "computed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "factor_models_pkey" PRIMARY KEY ("session_date")
);

CREATE TABLE "symbol_statistics" (
    "symbol" VARCHAR(100) NOT NULL,
    "session_date" DATE NOT NULL,
    "observations" INTEGER NOT NULL,
    "betas" DOUBLE PRECISION[],
    "standard_errors" DOUBLE PRECISION[],
    "r_squared" DOUBLE PRECISION,
    "residual_volatility" DOUBLE PRECISION,
    "condition_number" DOUBLE PRECISION,
    "is_extreme" BOOLEAN NOT NULL DEFAULT false,
    "univariate" JSONB NOT NULL,
    "volatility" JSONB NOT NULL,
    "drawdown" JSONB,
    "reasons" JSONB NOT NULL,

    CONSTRAINT "symbol_statistics_pkey" PRIMARY KEY ("symbol","session_date")
);

CREATE INDEX "symbol_statistics_session_date_idx" ON "symbol_statistics"("session_date");

CREATE TABLE "correlations" (
    "session_date" DATE NOT NULL,
    "lookback" INTEGER NOT NULL,
    "symbols" TEXT[],
    "coefficients" BYTEA NOT NULL,
    "pair_counts" BYTEA NOT NULL,
    "computed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "correlations_pkey" PRIMARY KEY ("session_date")
);

CREATE TABLE "portfolio_risk" (
    "portfolio_id" UUID NOT NULL,
    "session_date" DATE NOT NULL,
    "equity" DECIMAL(20,4) NOT NULL,
    "coverage" DOUBLE PRECISION,
    "exposures" DOUBLE PRECISION[],
    "metrics" JSONB NOT NULL,
    "value_at_risk" JSONB,
    "volatility" JSONB,
    "concentration" JSONB,
    "scenario_ids" TEXT[],
    "stress" BYTEA,
    "option_impacts" JSONB,
    "failed_parts" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "portfolio_risk_pkey" PRIMARY KEY ("portfolio_id","session_date")
);

CREATE INDEX "portfolio_risk_session_date_idx" ON "portfolio_risk"("session_date");

CREATE TABLE "var_backtests" (
    "portfolio_id" UUID NOT NULL,
    "session_date" DATE NOT NULL,
    "var_95" DOUBLE PRECISION NOT NULL,
    "var_99" DOUBLE PRECISION,
    "pnl" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "var_backtests_pkey" PRIMARY KEY ("portfolio_id","session_date")
);

ALTER TABLE "portfolio_risk" ADD CONSTRAINT "portfolio_risk_portfolio_id_fkey"
    FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "var_backtests" ADD CONSTRAINT "var_backtests_portfolio_id_fkey"
    FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
