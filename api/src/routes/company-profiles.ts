// What is known of securities beside their prices. Public facts: they are nobody's.
import { loadProfiles } from '@closebell/prisma/securities';
import { getCompanyProfiles } from '@closebell/shared/contracts/company-profiles';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function companyProfileRoutes(router: Router, context: ApiContext): void {
  route(router, context, getCompanyProfiles, async ({ query: { symbols } }) => {
    const profiles = await loadProfiles(context.db.pool, symbols);
    const known = new Set(profiles.map(({ symbol }) => symbol));
    return {
      status: 200,
      body: {
        profiles: profiles.map(({ securityType, marketCap, asOf, ...profile }) => ({
          ...profile,
          security_type: securityType,
          market_cap: marketCap,
          as_of: asOf.toISOString(),
        })),
        missing: symbols.filter((symbol) => !known.has(symbol)),
      },
    };
  });
}
