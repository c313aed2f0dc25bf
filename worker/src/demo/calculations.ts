// All portfolios calculated at once and watched to their ends.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoClient, RunStatus, SessionFigures, StartedRun } from './client.js';
import { createProgressView } from './progress.js';

export type Calculated = Readonly<{
  name: string;
  /** Null when the session has none. */
  figures: SessionFigures | null;
  /** Why the run did not complete; null when it did. */
  fault: string | null;
}>;

const POLL_MS = 150;

/** `portfolios`: account name to id. Rejects when the API fails or `signal` aborts, never because a run went wrong. */
export async function calculateAll(
  client: DemoClient,
  portfolios: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly Calculated[]> {
  const view = createProgressView([...portfolios.keys()], process.stdout);
  try {
    return await Promise.all(
      [...portfolios].map(async ([name, id]) => {
        const started = await client.calculate(id);
        const run = await untilEnded(client, started, signal, (seen) => view.show(name, seen));
        const figures = (await client.figuresOf(id, started.calculation_date)) ?? null;
        return { name, figures, fault: faultOf(run, figures) };
      }),
    );
  } finally {
    view.end();
  }
}

async function untilEnded(
  client: DemoClient,
  started: StartedRun,
  signal: AbortSignal,
  show: (run: RunStatus) => void,
): Promise<RunStatus> {
  for (;;) {
    const run = await client.runStatus(started);
    show(run);
    if (run.status !== 'queued' && run.status !== 'running') return run;
    await sleep(POLL_MS, undefined, { signal });
  }
}

function faultOf({ status, phases, error }: RunStatus, figures: SessionFigures | null): string | null {
  if (status === 'completed') return figures === null ? 'the run completed without figures' : null;
  const faulty = phases.filter((phase) => phase.status !== 'completed').map(({ number, name }) => `phase ${number}, ${name}`);
  const reason = error === null ? faulty.join('; ') : `${error.code} ${error.message}`;
  return reason === '' ? `the run ended ${status}` : `the run ended ${status} (${reason})`;
}
