// Prisma for plain records, apart from the pool: to load it takes a tenth of a second, and jobs do without it.
// A transaction is all Prisma or all raw statements.
import { PrismaPg } from '@prisma/adapter-pg';
import type { Db } from './client.js';
import { PrismaClient } from './generated/client.js';

export type PrismaDb = Db & Readonly<{ prisma: PrismaClient }>;

/** Prisma over the pool of `db`; it ends with that. */
export function withPrisma(db: Db): PrismaDb {
  return { ...db, prisma: new PrismaClient({ adapter: new PrismaPg(db.pool) }) };
}
