// Loaded into a real API before its main file: SIGKILLs the process after the COMMIT of the first transaction that had a statement
// with the text of KILL_AFTER_COMMIT_OF, and before anybody there learns that it was committed.
import { createRequire } from 'node:module';

const { Client } = createRequire(new URL('../../prisma/package.json', import.meta.url))('pg');
const marked = new WeakSet();

const query = Client.prototype.query;
Client.prototype.query = function (...args) {
  const [statement] = args;
  const text = typeof statement === 'string' ? statement : (statement?.text ?? '');
  if (text.includes(process.env.KILL_AFTER_COMMIT_OF)) marked.add(this);
  const answered = query.apply(this, args);
  if (text !== 'COMMIT' || !marked.has(this)) return answered;
  return answered.then(() => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  });
};
