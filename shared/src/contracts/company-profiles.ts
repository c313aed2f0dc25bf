// What is known of securities beside their prices.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { instant } from './fields.js';
import { symbolList } from './symbol-field.js';

const SYMBOLS_MAX = 100;
const SYMBOL_CHARACTERS_MAX = 100;

const symbols = symbolList(z.string().max(SYMBOL_CHARACTERS_MAX), SYMBOLS_MAX).describe(
  `1 to ${SYMBOLS_MAX}, separated by commas`,
);

const companyProfile = z.object({
  symbol: z.string(),
  name: z.string().nullable(),
  security_type: z.string().nullable().describe('as the market calls it: EQUITY, ETF, MUTUALFUND …'),
  sector: z.string().nullable(),
  industry: z.string().nullable(),
  exchange: z.string().nullable(),
  country: z.string().nullable(),
  currency: z.string().nullable().describe('that its prices are in; GBX: pence'),
  market_cap: z.number().nullable(),
  beta: z.number().nullable().describe("as published, over the provider's own window; no figure of ours uses it"),
  provider: z.string(),
  as_of: instant.describe('when the provider said so'),
});

export const getCompanyProfiles = endpoint({
  method: 'get',
  path: '/data/company-profiles',
  summary: 'Names, sectors, exchanges and other facts of securities, as providers tell them',
  tag: 'Data',
  auth: 'user',
  query: z.object({ symbols }),
  responses: {
    200: {
      description: 'In the order asked. What a provider does not say is null',
      schema: z.object({
        profiles: z.array(companyProfile),
        missing: z.array(z.string()).describe('symbols of which no profile is known'),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});
