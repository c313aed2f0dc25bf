CREATE EXTENSION IF NOT EXISTS citext;


-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "email" CITEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "full_name" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "is_superuser" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refresh_tokens" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "family_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "replaced_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "acting_as_id" UUID,
    "action" TEXT NOT NULL,
    "subject" TEXT,
    "details" JSONB,
    "request_id" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "portfolios" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "account_name" VARCHAR(100) NOT NULL,
    "account_type" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL DEFAULT 'USD',
    "equity_balance" DECIMAL(20,4) NOT NULL,
    "equity_as_of" DATE NOT NULL,
    "opened_on" DATE NOT NULL,
    "description" TEXT,
    "dirty_from" DATE,
    "generation" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "portfolios_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "positions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "portfolio_id" UUID NOT NULL,
    "symbol" VARCHAR(100) NOT NULL,
    "investment_class" TEXT NOT NULL,
    "investment_subtype" TEXT,
    "quantity" DECIMAL(20,8) NOT NULL,
    "entry_price" DECIMAL(20,6) NOT NULL,
    "entry_date" DATE NOT NULL,
    "exit_price" DECIMAL(20,6),
    "exit_date" DATE,
    "underlying_symbol" VARCHAR(100),
    "strike_price" DECIMAL(20,6),
    "expiration_date" DATE,
    "option_type" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "positions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "equity_changes" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "portfolio_id" UUID NOT NULL,
    "change_type" TEXT NOT NULL,
    "amount" DECIMAL(20,4) NOT NULL,
    "change_date" DATE NOT NULL,
    "notes" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "equity_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "watchlist" (
    "user_id" UUID NOT NULL,
    "symbol" VARCHAR(100) NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "watchlist_pkey" PRIMARY KEY ("user_id","symbol")
);

-- CreateTable
CREATE TABLE "imports" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "file_name" TEXT NOT NULL,
    "file" BYTEA NOT NULL,
    "sha256" BYTEA NOT NULL,
    "request" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "portfolio_id" UUID,
    "rows_total" INTEGER,
    "rows_valid" INTEGER,
    "error_code" TEXT,
    "error_text" TEXT,
    "errors" JSONB NOT NULL DEFAULT '[]',
    "errors_total" INTEGER NOT NULL DEFAULT 0,
    "warnings" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "imports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "securities" (
    "symbol" VARCHAR(100) NOT NULL,
    "name" TEXT,
    "sector" TEXT,
    "industry" TEXT,
    "listed_from" DATE,
    "no_data_until" TIMESTAMPTZ(3),
    "no_data_text" TEXT,
    "checked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "securities_pkey" PRIMARY KEY ("symbol")
);

-- CreateTable
CREATE TABLE "price_bars" (
    "symbol" VARCHAR(100) NOT NULL,
    "session_date" DATE NOT NULL,
    "revision" SMALLINT NOT NULL DEFAULT 0,
    "open" DECIMAL(20,6),
    "high" DECIMAL(20,6),
    "low" DECIMAL(20,6),
    "close" DECIMAL(20,6) NOT NULL,
    "volume" BIGINT,
    "provider" TEXT NOT NULL,
    "reason" TEXT,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_bars_pkey" PRIMARY KEY ("symbol","session_date","revision")
);

-- CreateTable
CREATE TABLE "missing_bars" (
    "symbol" VARCHAR(100) NOT NULL,
    "session_date" DATE NOT NULL,
    "reason" TEXT NOT NULL,
    "retry_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "missing_bars_pkey" PRIMARY KEY ("symbol","session_date")
);

-- CreateTable
CREATE TABLE "corporate_actions" (
    "symbol" VARCHAR(100) NOT NULL,
    "ex_date" DATE NOT NULL,
    "action_type" TEXT NOT NULL,
    "amount" DECIMAL(20,8),
    "numerator" INTEGER,
    "denominator" INTEGER,
    "provider" TEXT NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "corporate_actions_pkey" PRIMARY KEY ("symbol","ex_date","action_type")
);

-- CreateTable
CREATE TABLE "portfolio_snapshots" (
    "portfolio_id" UUID NOT NULL,
    "snapshot_date" DATE NOT NULL,
    "is_complete" BOOLEAN NOT NULL DEFAULT false,
    "equity" DECIMAL(20,4),
    "cash" DECIMAL(20,4),
    "long_value" DECIMAL(20,4),
    "short_value" DECIMAL(20,4),
    "gross_value" DECIMAL(20,4),
    "net_value" DECIMAL(20,4),
    "options_value" DECIMAL(20,4),
    "private_value" DECIMAL(20,4),
    "delta_long" DECIMAL(20,4),
    "delta_short" DECIMAL(20,4),
    "position_count" INTEGER,
    "long_count" INTEGER,
    "short_count" INTEGER,
    "option_count" INTEGER,
    "daily_pnl" DECIMAL(20,4),
    "daily_return" DOUBLE PRECISION,
    "cumulative_pnl" DECIMAL(20,4),
    "realised_pnl" DECIMAL(20,4),
    "capital_flow" DECIMAL(20,4),
    "coverage" DOUBLE PRECISION,
    "valuation" TEXT,
    "oldest_price_date" DATE,
    "input_hash" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "portfolio_snapshots_pkey" PRIMARY KEY ("portfolio_id","snapshot_date")
);

-- CreateTable
CREATE TABLE "position_values" (
    "portfolio_id" UUID NOT NULL,
    "session_date" DATE NOT NULL,
    "position_id" UUID NOT NULL,
    "quantity" DECIMAL(28,8) NOT NULL,
    "price" DECIMAL(20,6) NOT NULL,
    "price_source" TEXT NOT NULL,
    "price_date" DATE,
    "age_sessions" SMALLINT NOT NULL,
    "market_value" DECIMAL(20,4) NOT NULL,
    "cost_basis" DECIMAL(20,4) NOT NULL,
    "unrealised_pnl" DECIMAL(20,4) NOT NULL,
    "delta_adjusted_value" DECIMAL(20,4),
    "weight_gross" DOUBLE PRECISION,

    CONSTRAINT "position_values_pkey" PRIMARY KEY ("portfolio_id","session_date","position_id")
);

-- CreateTable
CREATE TABLE "option_marks" (
    "position_id" UUID NOT NULL,
    "session_date" DATE NOT NULL,
    "revision" SMALLINT NOT NULL DEFAULT 0,
    "price" DECIMAL(20,6) NOT NULL,
    "delta" DOUBLE PRECISION,
    "underlying_close" DECIMAL(20,6) NOT NULL,
    "entry_close" DECIMAL(20,6),
    "volatility" DOUBLE PRECISION,
    "rate" DOUBLE PRECISION NOT NULL,
    "iv_source" TEXT NOT NULL,

    CONSTRAINT "option_marks_pkey" PRIMARY KEY ("position_id","session_date","revision")
);

-- CreateTable
CREATE TABLE "factor_definitions" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "proxy" TEXT NOT NULL,
    "model_factor" TEXT NOT NULL,
    "fallbacks" TEXT[],
    "position" SMALLINT NOT NULL,

    CONSTRAINT "factor_definitions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stress_scenarios" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "shocks" JSONB NOT NULL,
    "yield_change" DOUBLE PRECISION,
    "volatility_factor" DOUBLE PRECISION,

    CONSTRAINT "stress_scenarios_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "calculation_claims" (
    "portfolio_id" UUID NOT NULL,
    "fence" BIGINT NOT NULL,
    "lease_until" TIMESTAMPTZ(6) NOT NULL,
    "job_id" UUID NOT NULL,

    CONSTRAINT "calculation_claims_pkey" PRIMARY KEY ("portfolio_id")
);

-- CreateTable
CREATE TABLE "jobs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "dedupe_key" TEXT NOT NULL,
    "priority" SMALLINT NOT NULL DEFAULT 1,
    "parent_id" UUID,
    "run_id" UUID NOT NULL,
    "open_children" INTEGER NOT NULL DEFAULT 0,
    "attempts_made" INTEGER NOT NULL DEFAULT 0,
    "attempts_max" INTEGER NOT NULL,
    "run_after" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "progress" JSONB,
    "phases" JSONB NOT NULL DEFAULT '[]',
    "result" JSONB,
    "error" JSONB,
    "requested_by" UUID,
    "acting_as" UUID,
    "trigger" TEXT NOT NULL,
    "request_id" TEXT,
    "fence" BIGINT NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "enqueued_at" TIMESTAMPTZ(6),
    "started_at" TIMESTAMPTZ(6),
    "heartbeat_at" TIMESTAMPTZ(6),
    "lease_until" TIMESTAMPTZ(6),
    "cancel_requested_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_ticks" (
    "schedule" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "job_id" UUID NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_ticks_pkey" PRIMARY KEY ("schedule","due_at")
);

-- CreateTable
CREATE TABLE "market_clock" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "anchored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "market_clock_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "refresh_tokens_token_hash_key" ON "refresh_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "refresh_tokens_family_id_idx" ON "refresh_tokens"("family_id");

-- CreateIndex
CREATE INDEX "refresh_tokens_user_id_idx" ON "refresh_tokens"("user_id");

-- CreateIndex
CREATE INDEX "audit_log_at_idx" ON "audit_log"("at");

-- CreateIndex
CREATE INDEX "portfolios_user_id_idx" ON "portfolios"("user_id");

-- CreateIndex
CREATE INDEX "positions_portfolio_id_idx" ON "positions"("portfolio_id");

-- CreateIndex
CREATE INDEX "positions_symbol_idx" ON "positions"("symbol");

-- CreateIndex
CREATE INDEX "positions_underlying_symbol_idx" ON "positions"("underlying_symbol");

-- CreateIndex
CREATE INDEX "equity_changes_portfolio_id_change_date_idx" ON "equity_changes"("portfolio_id", "change_date");

-- CreateIndex
CREATE INDEX "imports_user_id_created_at_idx" ON "imports"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "price_bars_session_date_idx" ON "price_bars"("session_date");

-- CreateIndex
CREATE INDEX "portfolio_snapshots_snapshot_date_idx" ON "portfolio_snapshots"("snapshot_date");

-- CreateIndex
CREATE UNIQUE INDEX "factor_definitions_name_key" ON "factor_definitions"("name");

-- CreateIndex
CREATE INDEX "jobs_run_id_idx" ON "jobs"("run_id");

-- CreateIndex
CREATE INDEX "jobs_parent_id_idx" ON "jobs"("parent_id");

-- CreateIndex
CREATE INDEX "jobs_kind_created_at_idx" ON "jobs"("kind", "created_at");

-- CreateIndex
CREATE INDEX "jobs_status_finished_at_idx" ON "jobs"("status", "finished_at");

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "portfolios" ADD CONSTRAINT "portfolios_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "positions" ADD CONSTRAINT "positions_portfolio_id_fkey" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "equity_changes" ADD CONSTRAINT "equity_changes_portfolio_id_fkey" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "watchlist" ADD CONSTRAINT "watchlist_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "imports" ADD CONSTRAINT "imports_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "portfolio_snapshots" ADD CONSTRAINT "portfolio_snapshots_portfolio_id_fkey" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "position_values" ADD CONSTRAINT "position_values_portfolio_id_fkey" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "position_values" ADD CONSTRAINT "position_values_position_id_fkey" FOREIGN KEY ("position_id") REFERENCES "positions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "option_marks" ADD CONSTRAINT "option_marks_position_id_fkey" FOREIGN KEY ("position_id") REFERENCES "positions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "calculation_claims" ADD CONSTRAINT "calculation_claims_portfolio_id_fkey" FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;



-- What Prisma's schema language cannot say ------------------------------------------------------------------------------------

ALTER TABLE "jobs" ADD CONSTRAINT "jobs_status_known"
  CHECK (status IN ('queued', 'running', 'completed', 'partial', 'failed', 'cancelled'));
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_open_children_not_negative" CHECK (open_children >= 0);

-- At most one live job per dedupe key: what makes a second submit find the first one.
CREATE UNIQUE INDEX "jobs_live_dedupe_key" ON "jobs" (dedupe_key) WHERE status IN ('queued', 'running');
-- What the relay and the rescuer look for, and nothing else, so that both stay cheap beside millions of ended rows.
CREATE INDEX "jobs_to_enqueue" ON "jobs" (run_after) WHERE status = 'queued' AND enqueued_at IS NULL;
CREATE INDEX "jobs_enqueued" ON "jobs" (enqueued_at) WHERE status = 'queued' AND enqueued_at IS NOT NULL;
CREATE INDEX "jobs_leased" ON "jobs" (lease_until) WHERE status = 'running' AND lease_until IS NOT NULL;

CREATE UNIQUE INDEX "portfolios_live_account_name" ON "portfolios" (user_id, account_name) WHERE deleted_at IS NULL;

ALTER TABLE "positions" ADD CONSTRAINT "positions_class_known" CHECK (investment_class IN ('PUBLIC', 'OPTIONS', 'PRIVATE'));
ALTER TABLE "positions" ADD CONSTRAINT "positions_quantity_not_zero" CHECK (quantity <> 0);
ALTER TABLE "positions" ADD CONSTRAINT "positions_exit_whole" CHECK ((exit_date IS NULL) = (exit_price IS NULL));
ALTER TABLE "equity_changes" ADD CONSTRAINT "equity_changes_type_known" CHECK (change_type IN ('CONTRIBUTION', 'WITHDRAWAL'));
ALTER TABLE "equity_changes" ADD CONSTRAINT "equity_changes_amount_positive" CHECK (amount > 0);
ALTER TABLE "price_bars" ADD CONSTRAINT "price_bars_close_positive" CHECK (close > 0);
ALTER TABLE "market_clock" ADD CONSTRAINT "market_clock_one_row" CHECK (id = 1);

-- A complete snapshot has its figures, and they add up; a slot that was only claimed has none.
ALTER TABLE "portfolio_snapshots" ADD CONSTRAINT "portfolio_snapshots_complete_adds_up" CHECK (
  NOT is_complete OR (equity = cash + net_value AND net_value = long_value + short_value AND gross_value = long_value - short_value
    AND daily_pnl IS NOT NULL AND capital_flow IS NOT NULL AND cumulative_pnl IS NOT NULL AND input_hash IS NOT NULL)
);
