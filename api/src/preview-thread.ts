// The body of the preview's thread: reads one upload and answers once. Run by preview.ts, never imported.
import { PREVIEW_POSITIONS_MAX } from '@closebell/shared/contracts/onboarding';
import { readPositions } from '@closebell/shared/csv/read-positions';
import { parentPort, workerData } from 'node:worker_threads';
import type { PreviewRequest, PreviewResult } from './preview.js';

const { bytes, fileName, today, allowMultipleLots } = workerData as PreviewRequest;
const read = readPositions(bytes, fileName, { today, allowMultipleLots });
const result: PreviewResult = read.ok ? { ...read, positions: read.positions.slice(0, PREVIEW_POSITIONS_MAX) } : read;
parentPort?.postMessage(result);
