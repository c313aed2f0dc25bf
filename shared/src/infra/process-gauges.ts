// How a process fares, reported every few seconds: whether its main thread keeps up, and its memory.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../metrics.js';

export type ProcessGauges = Readonly<{ stop: () => void }>;

const REPORT_MS = 5_000;
/** How often the delay is sampled. */
const RESOLUTION_MS = 10;

/** Of the thread that calls it; `process` is its label. */
export function reportProcessGauges(process: 'api' | 'worker', metrics: Metrics, reportMs = REPORT_MS): ProcessGauges {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const timer = setInterval(() => {
    // A sample is the time since the one before: without any delay, the resolution itself.
    const delayMs = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
    delay.reset();
    metrics.gauge('closebell_event_loop_delay_p99_seconds', { process }, delayMs / 1000);
    metrics.gauge('closebell_resident_memory_bytes', { process }, globalThis.process.memoryUsage.rss());
  }, reportMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
