// The body of the reading thread: reads one upload and answers once. Run by read-upload.ts, never imported.
import { parentPort, workerData } from 'node:worker_threads';
import { readBounded, type UploadToRead } from './read-bounded.js';

parentPort?.postMessage(readBounded(workerData as UploadToRead));
