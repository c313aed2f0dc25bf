// How far each calculation is: a bar per portfolio on a terminal, elsewhere a line whenever a phase changes.
import cliProgress from 'cli-progress';
import type { RunStatus } from './client.js';

export type ProgressView = Readonly<{ show: (name: string, run: RunStatus) => void; end: () => void }>;

export function createProgressView(names: readonly string[], output: NodeJS.WriteStream): ProgressView {
  return output.isTTY ? bars(names, output) : lines(output);
}

function bars(names: readonly string[], output: NodeJS.WriteStream): ProgressView {
  const width = Math.max(...names.map(({ length }) => length));
  const multi = new cliProgress.MultiBar(
    { format: '  {name} {bar} {percentage} %  {doing}', stream: output, hideCursor: true, barsize: 30, stopOnComplete: false },
    cliProgress.Presets.shades_classic,
  );
  const barOf = new Map(names.map((name) => [name, multi.create(100, 0, { name: name.padEnd(width), doing: 'queued' })]));
  return {
    show: (name, run) => barOf.get(name)?.update(run.progress.percent, { doing: describeRun(run) }),
    end: () => multi.stop(),
  };
}

function lines(output: NodeJS.WriteStream): ProgressView {
  const shown = new Map<string, string>();
  return {
    show: (name, run) => {
      const line = describeRun(run);
      if (shown.get(name) === line) return;
      shown.set(name, line);
      output.write(`  ${name}: ${line} (${run.progress.percent} %)\n`);
    },
    end: () => {},
  };
}

/** The phase it is in, else the status. */
function describeRun({ status, progress: { phase, phase_name: phaseName } }: RunStatus): string {
  return status === 'running' && phase !== null ? `phase ${phase}, ${phaseName ?? 'unnamed'}` : status;
}
