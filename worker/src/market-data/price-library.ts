// All price files of one folder, read when first needed and again when a file changes. Holds the only state of the files provider.
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readPriceFile } from './price-file.js';
import { priceSeries, type PriceSeries } from './price-series.js';

/** What the folder holds: one series per symbol, by symbolKey, and what couldn't be read (each names its file). */
export type PriceIndex = Readonly<{
  series: ReadonlyMap<string, PriceSeries>;
  faults: readonly string[];
  notes: readonly string[];
}>;

/** Answers the present index; looks at the folder at most every `recheckMs`, and callers who come meanwhile share one look. */
export type PriceLibrary = () => Promise<PriceIndex>;

export function createPriceLibrary(directory: string, recheckMs: number): PriceLibrary {
  let files: ReadonlyMap<string, LoadedFile> = new Map();
  let index: PriceIndex | null = null;
  let checkedAtMs = 0;
  let looking: Promise<PriceIndex> | null = null;

  const look = async (): Promise<PriceIndex> => {
    const found = await loadChanged(directory, files);
    if (index === null || found.files !== files) index = choose(found.files, found.faults);
    files = found.files;
    checkedAtMs = performance.now();
    return index;
  };

  return () => {
    if (looking !== null) return looking;
    if (index !== null && performance.now() - checkedAtMs < recheckMs) return Promise.resolve(index);
    looking = look().finally(() => {
      looking = null;
    });
    return looking;
  };
}

/** BRK.B, BRK/B and BRK-B are one security. */
export function symbolKey(symbol: string): string {
  return symbol.trim().toUpperCase().replaceAll(/[./]/g, '-');
}

type LoadedFile = Readonly<{
  name: string;
  /** Size and time of change: while they stay, the file isn't read again. */
  version: string;
  series: ReadonlyMap<string, PriceSeries>;
  fault: string | null;
  note: string | null;
}>;

type Loaded = Readonly<{ files: ReadonlyMap<string, LoadedFile>; faults: readonly string[] }>;

/** The files as they are now; the very same map when nothing changed. A folder that can't be listed is a fault and empties the library. */
async function loadChanged(directory: string, before: ReadonlyMap<string, LoadedFile>): Promise<Loaded> {
  let names: readonly string[];
  try {
    names = (await readdir(directory)).filter((name) => extname(name).toLowerCase() === '.csv').sort();
  } catch (error) {
    return { files: new Map(), faults: [`the folder ${directory} can't be read: ${messageOf(error)}`] };
  }
  const files = new Map<string, LoadedFile>();
  for (const name of names) {
    const path = join(directory, name);
    const version = await versionOf(path);
    const known = before.get(name);
    files.set(name, known?.version === version ? known : await loadFile(path, version));
  }
  const unchanged = files.size === before.size && [...files].every(([name, file]) => before.get(name) === file);
  return { files: unchanged ? before : files, faults: [] };
}

async function versionOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${size}:${mtimeMs}`;
  } catch {
    // Gone since the listing, or a broken link: reading it will say so.
    return 'unreadable';
  }
}

async function loadFile(path: string, version: string): Promise<LoadedFile> {
  const name = basename(path);
  const series = new Map<string, PriceSeries>();
  try {
    const { symbols, undated } = await readPriceFile(path, basename(name, extname(name)).toUpperCase());
    for (const rows of symbols.values()) {
      offer(series, symbolKey(rows.symbol), priceSeries(rows));
      await nextTurn();
    }
    const note = undated === 0 ? null : `${name}: ${undated} rows without a symbol or a date like 2024-01-31 were left out`;
    return { name, version, series, fault: null, note };
  } catch (error) {
    return { name, version, series: new Map(), fault: `${name} can't be used: ${messageOf(error)}`, note: null };
  }
}

/** Each symbol from one file only: histories of different files are adjusted to different days and must never be joined. */
function choose(files: ReadonlyMap<string, LoadedFile>, folderFaults: readonly string[]): PriceIndex {
  const series = new Map<string, PriceSeries>();
  // In file-name order, so that of two equally good histories the first name's stays.
  for (const file of files.values()) {
    for (const [key, candidate] of file.series) offer(series, key, candidate);
  }
  const told = (pick: (file: LoadedFile) => string | null) => [...files.values()].map(pick).filter((text) => text !== null);
  return { series, faults: [...folderFaults, ...told(({ fault }) => fault)], notes: told(({ note }) => note) };
}

function offer(series: Map<string, PriceSeries>, key: string, candidate: PriceSeries): void {
  const present = series.get(key);
  if (present === undefined || isBetter(candidate, present)) series.set(key, candidate);
}

/** The history that ends later; of two that end alike, the raw one. */
function isBetter(candidate: PriceSeries, present: PriceSeries): boolean {
  const lead = (candidate.dates.at(-1) ?? 0) - (present.dates.at(-1) ?? 0);
  return lead === 0 ? candidate.basis === 'raw' && present.basis === 'adjusted' : lead > 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
