// The body of the reading thread: reads one upload and answers once. Run by read-upload.ts, never imported.
import { parentPort, workerData } from 'node:worker_threads';
import { readPositions } from '../csv/read-positions.js';
import type { UploadToRead } from './read-upload.js';

const { bytes, fileName, ...rules } = workerData as UploadToRead;
parentPort?.postMessage(readPositions(bytes, fileName, rules));
