// Preloaded into a program: at its end, how long its main thread kept others waiting, from the last SIGUSR2 on. Unlike the metric it
// leaves out the time in which the machine gave the thread no processor, which says nothing about the program (Linux tells it).
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const EVERY_MS = 10;

if (isMainThread) watchDelays();

function watchDelays() {
  let delaysMs = [];
  let [lastMs, lastStarvedMs] = [performance.now(), starvedMs()];
  setInterval(() => {
    const [nowMs, nowStarvedMs] = [performance.now(), starvedMs()];
    delaysMs.push(nowMs - lastMs - EVERY_MS - (nowStarvedMs - lastStarvedMs));
    [lastMs, lastStarvedMs] = [nowMs, nowStarvedMs];
  }, EVERY_MS).unref();
  process.on('SIGUSR2', () => (delaysMs = []));
  process.on('exit', () => {
    const sorted = delaysMs.toSorted((a, b) => a - b);
    console.log(`main thread: ${sorted.length} samples, p99 ${sorted[Math.floor(sorted.length * 0.99)]?.toFixed(1)} ms`);
  });
}

/** How long this process's first thread was ready to run and was not run; 0 where that is not told. */
function starvedMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
