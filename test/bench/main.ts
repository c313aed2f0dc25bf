// `npm run bench`: kernels, a night of 1,000 portfolios, one portfolio at a time, reads. `npm run bench -- kernels`, `-- batch 1000 10000`,
// `-- killer-case`, `-- reads`, `-- reads /data/` (of paths that contain it) or `-- oracles` runs that part alone.
import { benchKernels } from './kernels.js';
import { benchSinglePortfolios } from './killer-case.js';
import { machine } from './measure.js';
import { benchNight, growthOf, type Night } from './nightly-batch.js';
import { oracleTable } from './oracles.js';
import { benchReads } from './reads.js';

const PORTFOLIOS = 1_000;

const [part = 'all', ...sizes] = process.argv.slice(2);
const parts: Readonly<Record<string, () => Promise<void>>> = {
  kernels: async () => print('Kernels', benchKernels()),
  batch: () => nights(sizes.length === 0 ? [PORTFOLIOS] : sizes.map(Number)),
  'killer-case': async () => print('One portfolio', await benchSinglePortfolios()),
  reads: async () => print('Reads', await benchReads(sizes[0])),
  oracles: async () => print('Reference answers', oracleTable()),
};
const chosen = part === 'all' ? ['kernels', 'batch', 'killer-case', 'reads'] : [part];
const unknown = chosen.find((name) => !(name in parts));
if (unknown !== undefined) {
  console.error(`There is no part ${unknown}: ${Object.keys(parts).join(', ')}`);
  process.exitCode = 1;
} else {
  for (const name of chosen) await parts[name]!();
}

async function nights(portfolios: readonly number[]): Promise<void> {
  const measured: Night[] = [];
  for (const count of portfolios) {
    const night = await benchNight(count);
    print(`A night of ${count.toLocaleString('en-US')}`, night.text);
    measured.push(night);
  }
  const [fewer, more] = [measured[0]!, measured.at(-1)!];
  if (fewer !== more) console.log(`${growthOf(fewer, more)}\n`);
}

function print(title: string, text: string): void {
  console.log(`## ${title}\n\n${machine()}\n\n${text}\n`);
}
