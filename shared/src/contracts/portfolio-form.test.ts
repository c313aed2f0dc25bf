import { describe, expect, it } from 'vitest';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { readPortfolioForm } from './portfolio-form.js';

const FORM = { portfolio_name: 'Growth', account_name: 'Broker 1', account_type: 'taxable', equity_balance: '250000.00' };
// Wednesday 2025-03-12, 16:00 in New York: the session has closed and is not complete yet.
const OPTIONS = { calendar: xnysCalendar(), now: new Date('2025-03-12T20:00:00Z') };

const read = (fields: Record<string, unknown>) => readPortfolioForm({ ...FORM, ...fields }, OPTIONS);
const codes = (fields: Record<string, unknown>) => {
  const result = read(fields);
  return result.ok ? [] : result.issues.map(({ path, code }) => `${path} ${code}`);
};

describe('the form of an upload', () => {
  it('is trimmed, and what is left out has its default', () => {
    expect(read({ portfolio_name: '  Growth ', account_type: ' Taxable ' })).toEqual({
      ok: true,
      form: {
        ...FORM,
        equity_balance: '250000',
        equity_as_of: null,
        description: null,
        allow_multiple_lots: false,
      },
    });
  });

  it.each([
    [{ portfolio_name: '  ' }, 'portfolio_name ERR_PORT_002'],
    [{ portfolio_name: 'x'.repeat(256) }, 'portfolio_name ERR_PORT_003'],
    [{ equity_balance: '' }, 'equity_balance ERR_PORT_004'],
    [{ equity_balance: undefined }, 'equity_balance ERR_PORT_004'],
    [{ equity_balance: '0.00' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: '-5' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: '1e5' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: 'NaN' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: '1,000' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: '0.00001' }, 'equity_balance ERR_PORT_005'],
    [{ equity_balance: '1000000000' }, 'equity_balance ERR_PORT_006'],
    [{ account_type: 'savings' }, 'account_type ERR_PORT_009'],
    [{ account_name: 'x'.repeat(101) }, 'account_name ERR_PORT_010'],
    [{ account_name: undefined }, 'account_name ERR_PORT_011'],
    [{ allow_multiple_lots: 'perhaps' }, 'allow_multiple_lots ERR_REQ_001'],
    [{ description: 'x'.repeat(2_001) }, 'description ERR_REQ_001'],
    [{ description: 'a\u0000b' }, 'description ERR_REQ_001'],
    [{ description: ['twice', 'given'] }, 'description ERR_REQ_001'],
  ])('refuses %j with its own code', (fields, fault) => {
    expect(codes(fields)).toEqual([fault]);
  });

  it('reports all faults together, in the order of the form', () => {
    expect(codes({ portfolio_name: '', account_name: '', equity_balance: 'x' })).toEqual([
      'portfolio_name ERR_PORT_002',
      'account_name ERR_PORT_011',
      'equity_balance ERR_PORT_005',
    ]);
  });

  it('takes equity just below 1 billion to the last digit', () => {
    expect(read({ equity_balance: '999999999.9999' })).toMatchObject({ form: { equity_balance: '999999999.9999' } });
  });

  it('takes the session before a weekend as the session of equity_as_of', () => {
    expect(read({ equity_as_of: '2025-03-09' })).toMatchObject({ form: { equity_as_of: '2025-03-07' } });
  });

  it('refuses an equity_as_of whose session is not complete, and names the last one that is', () => {
    const result = read({ equity_as_of: '2025-03-12' });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).toContain('2025-03-11');
  });

  it.each(['2025-02-30', '12/03/2025', '1950-01-03', '1990-01-01', '2035-01-03'])('refuses %s as equity_as_of', (asOf) => {
    expect(codes({ equity_as_of: asOf })).toEqual(['equity_as_of ERR_REQ_001']);
  });
});
