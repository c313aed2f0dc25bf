CREATE TABLE "provider_budgets" (
    "provider" TEXT NOT NULL,
    "per_minute" INTEGER,
    "per_day" INTEGER,
    "minute_spent" JSONB NOT NULL DEFAULT '[]',
    "day_spent" JSONB NOT NULL DEFAULT '[]',
    "blocked_until" TIMESTAMPTZ(3),
    "blocked_reason" TEXT,

    CONSTRAINT "provider_budgets_pkey" PRIMARY KEY ("provider")
);

CREATE TABLE "provider_circuits" (
    "provider" TEXT NOT NULL,
    "capability" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),
    "probe_until" TIMESTAMPTZ(3),
    "last_ok_at" TIMESTAMPTZ(3),
    "last_error_at" TIMESTAMPTZ(3),
    "last_error_status" TEXT,
    "last_error" TEXT,

    CONSTRAINT "provider_circuits_pkey" PRIMARY KEY ("provider","capability")
);

CREATE TABLE "fetch_attempts" (
    "symbol" VARCHAR(100) NOT NULL,
    "capability" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "fetch_attempts_pkey" PRIMARY KEY ("symbol","capability","provider")
);
