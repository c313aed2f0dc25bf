// The portfolios of the demo: three uploads, and the balance without positions that is seeded beside them.
import { openAsBlob } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Upload } from './client.js';

export type DemoUpload = Omit<Upload, 'csv'>;

export const DEMO_UPLOADS: readonly DemoUpload[] = [
  { portfolioName: 'Individual', accountName: 'demo-individual', equityBalance: 450_000, fileName: 'individual.csv' },
  {
    portfolioName: 'High net worth',
    accountName: 'demo-high-net-worth',
    equityBalance: 5_600_000,
    fileName: 'high-net-worth.csv',
  },
  { portfolioName: 'Long-short', accountName: 'demo-long-short', equityBalance: 4_600_000, fileName: 'long-short.csv' },
];

/** The files stay with the sources: the compiler copies no CSV. */
const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'demo', 'portfolios');

export async function readUpload(upload: DemoUpload): Promise<Upload> {
  return { ...upload, csv: await openAsBlob(path.join(FOLDER, upload.fileName), { type: 'text/csv' }) };
}
