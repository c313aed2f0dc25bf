// Processes that tests start, kill, freeze and never leave behind.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.js';

/** Sends SIGKILL and resolves when the process is gone. */
export async function killHard(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} gone`, () => !isAlive(pid));
}

/** Stops a process and its children from running, as a machine does that hangs: their sockets stay open and say nothing. */
export function freeze(pid: number): void {
  for (const each of [pid, ...childrenOf(pid)]) process.kill(each, 'SIGSTOP');
}

/** Undoes `freeze`. */
export function thaw(pid: number): void {
  for (const each of [...childrenOf(pid), pid]) process.kill(each, 'SIGCONT');
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends the server whose number stands in the first line of `pidFile`, and removes `dir`, as soon as this process ends in whatever
 * way, SIGKILL included: a shell waits on a pipe that only we hold. The function returned does the same at once.
 */
export function endWithUs({ pidFile, dir }: Readonly<{ pidFile: string; dir: string }>): () => Promise<void> {
  // Its own session, so that Ctrl-C in the terminal does not end the one who is to clean up.
  const watch = spawn('sh', ['-c', CLEAN_UP, 'end-with-us', pidFile, dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  const ended = once(watch, 'exit');
  return async () => {
    watch.ref();
    watch.stdin.end();
    await ended;
  };
}

/** $1 is the pid file, $2 the folder. The name is compared because a number may have gone to another process since. */
const CLEAN_UP = `
cat > /dev/null
pid=$(head -n 1 "$1" 2> /dev/null)
case "$(ps -o comm= -p "\${pid:-0}")" in
  postgres* | redis-server*)
    kill -INT "$pid"
    kill -CONT "$pid" $(ps -A -o pid=,ppid= | awk -v parent="$pid" '$2 == parent { print $1 }')
    for attempt in $(seq 100); do
      case "$(ps -o stat= -p "$pid")" in '' | Z*) break ;; esac
      sleep 0.05
    done
    kill -KILL "$pid" 2> /dev/null
    ;;
esac
rm -rf "$2"
`;

export function childrenOf(pid: number): readonly number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}
