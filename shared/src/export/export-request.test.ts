import { expect, it } from 'vitest';
import { exportFileName } from './export-request.js';

it.each([
  ['Broker 1', 'closebell_Broker_1_2025-06-20.csv'],
  ['../../etc/passwd', 'closebell_etc_passwd_2025-06-20.csv'],
  ['a"; filename="b\r\nX: y', 'closebell_a_filename_b_X_y_2025-06-20.csv'],
  ['日本', 'closebell_portfolio_2025-06-20.csv'],
  ['x'.repeat(100), `closebell_${'x'.repeat(60)}_2025-06-20.csv`],
])('makes a file name of the account %j', (account, name) => {
  expect(exportFileName(account, '2025-06-20', 'csv')).toBe(name);
});

it('leaves out the session where there is none, and says what else is in the file', () => {
  expect(exportFileName('ira', null, 'html', ['report'])).toBe('closebell_ira_report.html');
});
