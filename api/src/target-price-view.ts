// Target prices as the API shows them, beside what is held. Pure; money is summed in whole units of 1e-4.
import type { TargetPriceRow } from '@closebell/prisma/target-prices';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { targetGainE4 } from '@closebell/shared/calc/target-gain';
import type { TargetPrice, TargetSummary } from '@closebell/shared/contracts/target-prices';
import { csvLine } from '@closebell/shared/csv/csv-line';
import { neutralised, TARGET_COLUMNS } from '@closebell/shared/csv/target-columns';
import type { Holding } from './target-holdings.js';

const NOTHING: Holding = { lots: [], price: null };

type Holdings = ReadonlyMap<string, Holding>;

export function viewTargetPrice(target: TargetPriceRow, holdings: Holdings): TargetPrice {
  const holding = holdings.get(target.symbol) ?? NOTHING;
  const { lots, price } = holding;
  const [upside, downside] = [moveTo(target.targetPrice, holding), moveTo(target.downsidePrice, holding)];
  return {
    id: target.id,
    portfolio_id: target.portfolioId,
    symbol: target.symbol,
    target_price: Number(target.targetPrice),
    target_date: target.targetDate,
    downside_price: target.downsidePrice === null ? null : Number(target.downsidePrice),
    notes: target.notes,
    is_held: lots.length > 0,
    quantity: lots.reduce(
      (sum, { size, ratio }) => sum + (Number(size.quantityE8) * ratio.numerator) / ratio.denominator / 1e8,
      0,
    ),
    market_value: dollarsOf(valueE4(holding)),
    current_price: price === null ? null : price.priceE6 / 1e6,
    price_source: price?.source ?? null,
    price_date: price?.date ?? null,
    upside: upside.fraction,
    upside_dollars: dollarsOf(upside.gainE4),
    downside: downside.fraction,
    downside_dollars: dollarsOf(downside.gainE4),
    note: noteOn(target.symbol, holding),
    created_at: target.createdAt.toISOString(),
    updated_at: target.updatedAt.toISOString(),
  };
}

export function viewTargetSummary(targets: readonly TargetPriceRow[], holdings: Holdings): TargetSummary {
  const held = [...holdings.values()].filter(({ lots }) => lots.length > 0);
  const priced = held.filter(({ price }) => price !== null);
  const grossE4 = sum(priced.map(grossValueE4));
  const side = (which: 'targetPrice' | 'downsidePrice') => viewSide(targets, holdings, which, grossE4);
  return {
    targets: targets.length,
    held: targets.filter(({ symbol }) => (holdings.get(symbol) ?? NOTHING).lots.length > 0).length,
    upside: side('targetPrice'),
    downside: side('downsidePrice'),
    gross_value: Number(grossE4) / 1e4,
    positions_without_price: held.filter(({ price }) => price === null).reduce((count, { lots }) => count + lots.length, 0),
  };
}

/** The file that the import takes. */
export function targetPricesCsv(targets: readonly TargetPriceRow[]): string {
  const lines = targets.map(({ symbol, targetPrice, targetDate, downsidePrice, notes }) =>
    csvLine([
      neutralised(symbol),
      Number(targetPrice),
      targetDate,
      downsidePrice === null ? null : Number(downsidePrice),
      notes === null ? null : neutralised(notes),
    ]),
  );
  return csvLine(TARGET_COLUMNS) + lines.join('');
}

function viewSide(
  targets: readonly TargetPriceRow[],
  holdings: Holdings,
  which: 'targetPrice' | 'downsidePrice',
  allE4: bigint,
): TargetSummary['upside'] {
  const counted = targets.flatMap((target) => {
    const holding = holdings.get(target.symbol) ?? NOTHING;
    const { gainE4 } = moveTo(target[which], holding);
    return gainE4 === null || holding.price === null ? [] : [{ gainE4, grossE4: grossValueE4(holding) }];
  });
  const gainE4 = sum(counted.map((own) => own.gainE4));
  const grossE4 = sum(counted.map((own) => own.grossE4));
  return {
    gain: Number(gainE4) / 1e4,
    expected_return: grossE4 === 0n ? null : Number(gainE4) / Number(grossE4),
    gross_value: Number(grossE4) / 1e4,
    coverage: allE4 === 0n ? null : Number(grossE4) / Number(allE4),
  };
}

/** What going to a price would be: as a fraction of the current one, and for what is held. */
function moveTo(to: string | null, { lots, price }: Holding): Readonly<{ fraction: number | null; gainE4: bigint | null }> {
  if (to === null) return { fraction: null, gainE4: null };
  if (price === null) return { fraction: null, gainE4: lots.length === 0 ? 0n : null };
  const toE6 = Number(parseScaled(to, 6));
  const fraction = price.priceE6 === 0 ? null : (toE6 - price.priceE6) / price.priceE6;
  return { fraction, gainE4: targetGainE4(lots, price.priceE6, toE6) };
}

function valueE4({ lots, price }: Holding): bigint | null {
  if (lots.length === 0) return 0n;
  return price === null ? null : targetGainE4(lots, 0, price.priceE6);
}

function grossValueE4({ lots, price }: Holding): bigint {
  const values = lots.map((lot) => targetGainE4([lot], 0, price?.priceE6 ?? 0));
  return sum(values.map((value) => (value < 0n ? -value : value)));
}

function noteOn(symbol: string, { lots, price }: Holding): string | null {
  const isHeld = lots.length > 0;
  const missing = [
    ...(isHeld ? [] : [`No open position of this portfolio has the symbol ${symbol}, so that the target counts in no sum.`]),
    ...(price === null ? ['No price of it is known, so that there is nothing to compare the target with.'] : []),
  ];
  return missing.length === 0 ? null : missing.join(' ');
}

function dollarsOf(valueInE4: bigint | null): number | null {
  return valueInE4 === null ? null : Number(valueInE4) / 1e4;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
