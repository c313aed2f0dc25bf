// Reads an upload in a thread of its own: 10 MB of CSV would hold up every other request of this process.
import type { PreviewedPosition } from '@closebell/shared/contracts/onboarding';
import type { ReadPositions } from '@closebell/shared/csv/read-positions';
import type { ParsedPosition } from '@closebell/shared/csv/validate-row';
import { AppError } from '@closebell/shared/errors';
import { Worker } from 'node:worker_threads';

export type PreviewRequest = Readonly<{ bytes: Uint8Array; fileName: string; today: string; allowMultipleLots: boolean }>;
/** With the first 1,000 positions only; the totals count all. */
export type PreviewResult = ReadPositions;

const TIMEOUT_MS = 10_000;
const MEMORY_MB_MAX = 512;

/** Throws ERR_SYS_002 when the file takes longer than 10 seconds. */
export async function previewPositions(request: PreviewRequest): Promise<PreviewResult> {
  const thread = new Worker(THREAD_FILE, {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
    // Not the parent's: a test runner's flags would lead the thread to sources it cannot run.
    execArgv: [],
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<PreviewResult>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new AppError('ERR_SYS_002', { message: 'The file takes too long to preview. Import it instead.' })),
        TIMEOUT_MS,
      );
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the preview's thread ended with ${code} and no answer`)));
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

/** Threads run compiled files: from `src`, as tests run it, this leads to `dist` too. */
const THREAD_FILE = new URL('../dist/preview-thread.js', import.meta.url);

export function viewPosition(position: ParsedPosition): PreviewedPosition {
  return {
    row: position.row,
    symbol: position.symbol,
    quantity: Number(position.quantity),
    entry_price: Number(position.entryPrice),
    entry_date: position.entryDate,
    investment_class: position.investmentClass,
    investment_subtype: position.investmentSubtype,
    underlying_symbol: position.underlyingSymbol,
    strike_price: position.strikePrice === null ? null : Number(position.strikePrice),
    expiration_date: position.expirationDate,
    option_type: position.optionType,
    exit_date: position.exitDate,
    exit_price: position.exitPrice === null ? null : Number(position.exitPrice),
  };
}
