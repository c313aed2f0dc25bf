// Loaded into a real worker before its main file, and by that into each of its threads: names every statement that goes to the
// databases, notes it, and does to its own process what FAULT_PLAN says at one of them. test/support/fault-points.ts writes the plan.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

const plan = JSON.parse(process.env.FAULT_PLAN);
const { log, point, act } = plan;
const seen = sharedCounter();
/** Well below the time after which the server ends an idle transaction. */
const WAIT_MS_MAX = 400;
// Plain functions between a statement and what asked for it; the default of ten frames would lose the latter.
Error.stackTraceLimit = 40;

const pg = createRequire(new URL('../../prisma/package.json', import.meta.url))('pg');
const { Redis } = createRequire(new URL('../../shared/package.json', import.meta.url))('ioredis');
watchPool(pg);
watchClient(pg);
watchRedis(Redis);

/** Threads count together: a statement's third occurrence is the third of the process. */
function sharedCounter() {
  if (isMainThread) setEnvironmentData('closebell-faults', new Int32Array(new SharedArrayBuffer(4)));
  return getEnvironmentData('closebell-faults');
}

/** Who asks is on the stack when a connection is asked for, and no longer when a later statement of the transaction is sent. */
function watchPool({ Pool }) {
  const connect = Pool.prototype.connect;
  Pool.prototype.connect = function (callback) {
    const caller = callerOf(new Error('who asks').stack);
    if (callback === undefined) return connect.call(this).then((client) => Object.assign(client, { caller }));
    return connect.call(this, (error, client, release) => {
      if (client) client.caller = caller;
      callback(error, client, release);
    });
  };
}

const PLUMBING = new Set(['inTransaction', 'inFencedTransaction', 'inHeldTransaction', 'inTransactionOnce', 'inTree']);

function callerOf(stack) {
  for (const line of stack.split('\n')) {
    const [, name] = /^ +at (?:async )?([\w.]+) .*\/(?:prisma|worker)\/dist\//.exec(line) ?? [];
    if (name && !PLUMBING.has(name)) return name;
  }
  return null;
}

function watchClient({ Client }) {
  const query = Client.prototype.query;
  Client.prototype.query = function (...args) {
    const [config] = args;
    const text = typeof config === 'string' ? config : config?.text;
    if (typeof text !== 'string' || typeof config.submit === 'function') return query.apply(this, args);
    const values = Array.isArray(args[1]) ? args[1] : config.values;
    const isDue = note(statementName(this, text), values);
    if (!isDue) return query.apply(this, args);
    return point.when === 'before' ? after(doIt(), () => query.apply(this, args), args) : withAnswer(query, this, args);
  };
}

function after(done, send, args) {
  if (done === undefined) return send();
  const sent = done.then(send);
  return typeof args.at(-1) === 'function' ? undefined : sent;
}

function withAnswer(query, client, args) {
  const callback = args.at(-1);
  if (typeof callback !== 'function') {
    return query.apply(client, args).then(async (answer) => {
      if (isFor(answer)) await doIt();
      return answer;
    });
  }
  const answered = (error, answer) => {
    const done = error || !isFor(answer) ? undefined : doIt();
    if (done === undefined) callback(error, answer);
    else void done.then(() => callback(error, answer));
  };
  return query.apply(client, [...args.slice(0, -1), answered]);
}

/** Of statements about one row those count that found it: an entry delivered too late claims nothing. */
function isFor(answer) {
  return point.holds === null || answer.rowCount > 0;
}

/** As 'claimPortfolios: INSERT INTO calculation_claims ~3f2a': who asks, what it does to which table, and which statement it is. */
function statementName(client, text) {
  const plain = text
    .replaceAll(/^\s*--.*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const application = client.connectionParameters.application_name ?? '';
  const who = application === 'closebell-queue' ? 'queue' : (client.caller ?? (plain.startsWith('LISTEN') ? 'listen' : 'start'));
  const bare = /^(BEGIN|COMMIT|ROLLBACK)/i.exec(plain);
  if (bare) return `${who}: ${bare[1].toUpperCase()}`;
  const write = /(?<!FOR |DO )\b(INSERT INTO|DELETE FROM|UPDATE) ([\w.]+)/.exec(plain);
  const read = /\b(SELECT)\b.*?\bFROM ([\w."]+)/.exec(plain);
  const [, verb, table] = write ?? read ?? [null, plain.split(' ')[0], ''];
  return `${who}: ${verb} ${table} ~${createHash('sha1').update(plain).digest('hex').slice(0, 4)}`;
}

function watchRedis({ prototype }) {
  const sendCommand = prototype.sendCommand;
  prototype.sendCommand = function (command, ...rest) {
    const script = command.name === 'evalsha' ? ` ${String(command.args[0]).slice(0, 6)}` : '';
    const isDue = note(`redis: ${command.name}${script}`, command.args);
    if (isDue && point.when === 'before') void doIt();
    const answer = sendCommand.call(this, command, ...rest);
    if (isDue && point.when === 'after')
      command.promise.then(
        () => doIt(),
        () => {},
      );
    return answer;
  };
}

/** Whether this is the occurrence the plan is waiting for. */
function note(name, values) {
  if (log !== null) appendFileSync(log, `${name}\n`);
  if (point === null || name !== point.name) return false;
  if (point.holds !== null) return JSON.stringify(values ?? []).includes(point.holds);
  return Atomics.add(seen, 0, 1) + 1 === point.occurrence && isPermitted();
}

/** Of several processes with one permit exactly one acts: whoever removes the file. */
function isPermitted() {
  if (act.permit === null) return true;
  try {
    unlinkSync(act.permit);
    return true;
  } catch {
    return false;
  }
}

function doIt() {
  if (act.does === 'wait') return waitOutside();
  if (act.delayMs > 0) setTimeout(() => signalSelf(), act.delayMs);
  else signalSelf();
  return undefined;
}

function signalSelf() {
  if (act.note !== null) appendFileSync(act.note, `${Date.now()}\n`);
  process.kill(process.pid, act.does === 'stop' ? 'SIGSTOP' : 'SIGKILL');
  // The signal takes hold of this thread a moment after the call: nothing more may happen in between.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}

/** Gives what comes from outside its time: until the file is there, or what comes waits for what this worker holds. */
async function waitOutside() {
  appendFileSync(act.note, 'waiting\n');
  for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end && !existsSync(act.goOn);) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
