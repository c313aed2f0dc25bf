// How far the figures are from the reference answers: the worst of each file.
import { ORACLE_ANSWERS, uncoveredMetrics } from '../risk/oracle-answers.js';
import { hasOracles } from '../risk/oracle-files.js';
import { tableOf } from './measure.js';

export function oracleTable(): string {
  if (!hasOracles()) return '';
  const rows = ORACLE_ANSWERS.map(({ file, compared, differences, tolerance }) => {
    const found = differences();
    return [
      file,
      compared,
      String(found.length),
      Math.max(...found).toExponential(1),
      tolerance === 0 ? '0' : tolerance.toExponential(1),
    ];
  });
  const table = tableOf([['file', 'compared', 'figures', 'worst difference', 'tolerance'], ...rows]);
  return `${table}\n\nNot covered, since nothing here shows them, of empyrical: ${uncoveredMetrics().join(', ')}.`;
}
