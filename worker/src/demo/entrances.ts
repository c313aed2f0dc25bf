// The last lines of the demo: what the figures rest on, and where to go from here.
import type { Config } from '@closebell/shared/config';
import type { DemoAccount } from './data-folder.js';

export type Entrances = Readonly<{ url: string; account: DemoAccount; config: Config }>;

export function printEntrances({ url, account, config }: Entrances): void {
  const { marketDataProviders: providers, simulationSeed: seed } = config;
  const isSimulated = providers.includes('simulated');
  const prices = isSimulated
    ? `Prices are SIMULATED (seed ${seed}): no real market data.`
    : `Prices are from: ${providers.join(', ')}.`;
  const login = `curl -s ${url}/api/v1/auth/login -H 'Content-Type: application/json' -d '${JSON.stringify({ email: account.email, password: account.password })}'`;
  console.log(
    `
${prices}

API      ${url}/api/v1
Docs     ${url}/docs
Board    ${url}/admin/queues   (for superusers; make one with: npm run create-superuser)
Log in   ${account.email} with password ${account.password}
         ${login}
`,
  );
}
