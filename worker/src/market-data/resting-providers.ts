// In words for the user: which of the providers give no prices at present, whoever asks, and what becomes of that.
import { listProviderCircuits, type ProviderCircuitRow } from '@closebell/prisma/provider-circuits';
import type { WorkerContext } from '../context.js';

/** One sentence for each provider that rests after failures, in the order in which they are asked. */
export async function restingProviders({ db, providers }: Pick<WorkerContext, 'db' | 'providers'>): Promise<readonly string[]> {
  const circuits = await listProviderCircuits(db.pool);
  return providers.flatMap(({ name }) => {
    const circuit = circuits.find(({ provider, capability }) => provider === name && capability === 'dailyBars');
    return circuit === undefined || circuit.state === 'closed' ? [] : [restText(circuit)];
  });
}

function restText({ provider, lastError, retryAt }: ProviderCircuitRow): string {
  const again = retryAt === null ? '' : ` It is tried again after ${retryAt.toISOString().slice(11, 16)} UTC.`;
  return `${provider} gives no prices at present: ${lastError ?? 'it keeps failing'}.${again} The next run fetches what is missing`;
}
