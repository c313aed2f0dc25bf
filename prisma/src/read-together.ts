// Many callers who each want one record, answered with few statements: what is asked while a statement would follow too closely on the
// last one is read by the next. Nothing is remembered: every answer was read after its question.

/** Between two statements. A question that comes alone is read at once; a crowd costs at most 1,000 / GAP_MS statements a second. */
const GAP_MS = 5;
const KEYS_MAX = 500;

type Question<K, V> = Readonly<{ key: K; resolve: (value: V) => void; reject: (cause: unknown) => void }>;

/** `read` answers in the order of its keys; when it rejects, so do all who were asking. */
export function readTogether<K, V>(read: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  let questions: Question<K, V>[] = [];
  let readAt = -Infinity;

  const readNow = (): void => {
    readAt = performance.now();
    const asked = questions.slice(0, KEYS_MAX);
    questions = questions.slice(KEYS_MAX);
    if (questions.length > 0) readSoon();
    void answer(read, asked);
  };
  const readSoon = (): void => {
    const waitMs = readAt + GAP_MS - performance.now();
    if (waitMs > 0) setTimeout(readNow, waitMs);
    else setImmediate(readNow);
  };

  return (key) =>
    new Promise((resolve, reject) => {
      questions.push({ key, resolve, reject });
      if (questions.length === 1) readSoon();
    });
}

async function answer<K, V>(
  read: (keys: readonly K[]) => Promise<readonly V[]>,
  asked: readonly Question<K, V>[],
): Promise<void> {
  try {
    const values = await read(asked.map(({ key }) => key));
    if (values.length !== asked.length) throw new Error(`${asked.length} records were asked for, ${values.length} were read`);
    values.forEach((value, place) => asked[place]?.resolve(value));
  } catch (cause) {
    for (const { reject } of asked) reject(cause);
  }
}
