CREATE TABLE "invite_codes" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "code" CITEXT NOT NULL,
    "cohort" TEXT,
    "uses_max" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invite_codes_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "invite_codes_code_key" ON "invite_codes"("code");

ALTER TABLE "invite_codes" ADD CONSTRAINT "invite_codes_uses_within" CHECK (uses >= 0 AND (uses_max IS NULL OR uses <= uses_max));

ALTER TABLE "users"
    ADD COLUMN "is_demo" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "invite_code_id" UUID;

ALTER TABLE "users" ADD CONSTRAINT "users_invite_code_id_fkey"
    FOREIGN KEY ("invite_code_id") REFERENCES "invite_codes"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "trades" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "portfolio_id" UUID NOT NULL,
    "symbol" VARCHAR(100) NOT NULL,
    "side" TEXT NOT NULL,
    "quantity" DECIMAL(20,8) NOT NULL,
    "price" DECIMAL(20,6) NOT NULL,
    "trade_date" DATE NOT NULL,
    "total" DECIMAL(20,4) NOT NULL,
    "realized_pnl" DECIMAL(20,4),
    "price_source" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "trades_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "trades_portfolio_id_created_at_idx" ON "trades"("portfolio_id", "created_at");

ALTER TABLE "trades" ADD CONSTRAINT "trades_portfolio_id_fkey"
    FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "trades" ADD CONSTRAINT "trades_side_known" CHECK (side IN ('buy', 'sell'));
ALTER TABLE "trades" ADD CONSTRAINT "trades_positive" CHECK (quantity > 0 AND price > 0);

ALTER TABLE "positions"
    ADD COLUMN "opened_by_trade" UUID,
    ADD COLUMN "closed_by_trade" UUID;

-- Checked when the statement ends: a portfolio takes its trades and its lots with it.
ALTER TABLE "positions" ADD CONSTRAINT "positions_opened_by_trade_fkey"
    FOREIGN KEY ("opened_by_trade") REFERENCES "trades"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;
ALTER TABLE "positions" ADD CONSTRAINT "positions_closed_by_trade_fkey"
    FOREIGN KEY ("closed_by_trade") REFERENCES "trades"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;

CREATE TABLE "manual_marks" (
    "position_id" UUID NOT NULL,
    "mark_date" DATE NOT NULL,
    "price" DECIMAL(20,6) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "manual_marks_pkey" PRIMARY KEY ("position_id","mark_date")
);

ALTER TABLE "manual_marks" ADD CONSTRAINT "manual_marks_position_id_fkey"
    FOREIGN KEY ("position_id") REFERENCES "positions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "manual_marks" ADD CONSTRAINT "manual_marks_price_not_negative" CHECK (price >= 0);

CREATE TABLE "tags" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "name" CITEXT NOT NULL,
    "color" VARCHAR(7) NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tags_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "tags_user_id_name_key" ON "tags"("user_id", "name");

ALTER TABLE "tags" ADD CONSTRAINT "tags_user_id_fkey"
    FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "position_tags" (
    "tag_id" UUID NOT NULL,
    "position_id" UUID NOT NULL,
    "tagged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "position_tags_pkey" PRIMARY KEY ("tag_id","position_id")
);

CREATE INDEX "position_tags_position_id_idx" ON "position_tags"("position_id");

ALTER TABLE "position_tags" ADD CONSTRAINT "position_tags_tag_id_fkey"
    FOREIGN KEY ("tag_id") REFERENCES "tags"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "position_tags" ADD CONSTRAINT "position_tags_position_id_fkey"
    FOREIGN KEY ("position_id") REFERENCES "positions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "target_prices" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "portfolio_id" UUID NOT NULL,
    "symbol" VARCHAR(100) NOT NULL,
    "target_price" DECIMAL(20,6) NOT NULL,
    "target_date" DATE,
    "downside_price" DECIMAL(20,6),
    "notes" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "target_prices_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "target_prices_portfolio_id_symbol_key" ON "target_prices"("portfolio_id", "symbol");

ALTER TABLE "target_prices" ADD CONSTRAINT "target_prices_portfolio_id_fkey"
    FOREIGN KEY ("portfolio_id") REFERENCES "portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "target_prices" ADD CONSTRAINT "target_prices_positive"
    CHECK (target_price > 0 AND (downside_price IS NULL OR downside_price >= 0));

CREATE TABLE "export_files" (
    "job_id" UUID NOT NULL,
    "file_name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "file" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_files_pkey" PRIMARY KEY ("job_id")
);

ALTER TABLE "export_files" ADD CONSTRAINT "export_files_job_id_fkey"
    FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
