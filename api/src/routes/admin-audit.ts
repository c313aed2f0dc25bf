import { listAudit as listEntries } from '@closebell/prisma/audit';
import { listAudit } from '@closebell/shared/contracts/admin-audit';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { route } from '../route.js';

export function adminAuditRoutes(router: Router, context: ApiContext): void {
  route(router, context, listAudit, async ({ query: { action, cursor, limit } }) => {
    const rows = await listEntries(context.db.pool, { action, before: cursor, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return {
      status: 200,
      body: { entries: page.map((entry) => ({ ...entry, at: entry.at.toISOString() })), next_cursor: nextCursor },
    };
  });
}
