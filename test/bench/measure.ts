// How long work takes, and tables of it.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';

export type Duration = Readonly<{
  /** What the work costs when nothing else wants the processor. */
  leastMs: number;
  medianMs: number;
}>;

/** Of `runs` after one that warms up. */
export function measure(work: () => unknown, runs: number): Duration {
  work();
  const took = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { leastMs: took[0]!, medianMs: took[Math.floor(took.length / 2)]! };
}

/** Milliseconds with the digits that matter. */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en-US')} ms`;
}

/** Peak resident memory of a process so far, in MiB; null where the system does not tell. */
export function peakMib(pid: number | 'self'): number | null {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return peak === undefined ? null : Math.round(Number(peak) / 1024);
  } catch {
    return null;
  }
}

const TICK_MS = 10;

/** Processor time of a process so far, threads and ended children included; 0 where the system does not tell. */
export function processorMsOf(pid: number): number {
  try {
    // After the name, which may hold blanks: user and system time are the 12th and 13th, those of children follow.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return TICK_MS * fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  } catch {
    return 0;
  }
}

/** What the figures were measured on. */
export function machine(): string {
  const [processor] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model.trim() ?? 'unknown'}, Linux ${release()}, Node ${process.version}, load average ${load.join(' ')}`;
}

/** A Markdown table; the first row names the columns. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [header = [], ...body] = rows;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join('\n');
}
