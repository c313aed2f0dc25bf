// An upload read with no more positions than are wanted; the totals count all.
import { readPositions, type ReadPositions } from '../csv/read-positions.js';

export type UploadToRead = Readonly<{
  bytes: Uint8Array;
  fileName: string;
  /** The day in New York: entry dates after it are in the future. */
  today: string;
  allowMultipleLots: boolean;
  /** Positions to bring back, all without it: handing a hundred thousand from thread to thread stops both for a quarter of a second. */
  positionsMax?: number;
}>;

export function readBounded({ bytes, fileName, positionsMax, ...rules }: UploadToRead): ReadPositions {
  const read = readPositions(bytes, fileName, rules);
  return read.ok && positionsMax !== undefined ? { ...read, positions: read.positions.slice(0, positionsMax) } : read;
}
