// The reference answers beside the project, which are not part of it.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SHARED_DATA } from '../bench/checkout.js';

const FOLDER = path.join(SHARED_DATA, 'oracles');

/** Those who compare skip without them, and say so. */
export function hasOracles(): boolean {
  if (existsSync(FOLDER)) return true;
  console.warn(`SKIPPED: ${FOLDER} is not there; set CLOSEBELL_SHARED_DATA to compare with reference answers`);
  return false;
}

export function readOracle<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as T;
}

/** Rows of a file of commas, its header first. */
export function readTable(name: string): readonly (readonly string[])[] {
  const lines = readFileSync(path.join(FOLDER, name), 'utf8').trim().split('\n');
  return lines.map((line) => line.trim().split(','));
}

/** |figure / wanted − 1|; of a wanted 0 the figure itself. */
export function relativeDifference(figure: number, wanted: number): number {
  return wanted === 0 ? Math.abs(figure) : Math.abs(figure / wanted - 1);
}

/** One difference for each; Infinity for a figure too few or too many. */
export function differences(figures: ArrayLike<number>, wanted: ArrayLike<number>): readonly number[] {
  if (figures.length !== wanted.length) return [Infinity];
  return Array.from(figures, (figure, k) => Math.abs(figure - (wanted[k] as number)));
}
