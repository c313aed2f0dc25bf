// One line of the doctor's report.

/** `fault`: Closebell does not work until it is mended. `warning`: it works, and somebody should know. */
export type Finding = Readonly<{
  mark: 'ok' | 'warning' | 'fault';
  subject: string;
  text: string;
  /** What to do; null when there is nothing to do. */
  remedy: string | null;
}>;

export function ok(subject: string, text: string): Finding {
  return { mark: 'ok', subject, text, remedy: null };
}

export function warning(subject: string, text: string, remedy: string): Finding {
  return { mark: 'warning', subject, text, remedy };
}

export function fault(subject: string, text: string, remedy: string): Finding {
  return { mark: 'fault', subject, text, remedy };
}

const SIGNS = { ok: '✓', warning: '!', fault: '✗' } as const;
const SUBJECT_WIDTH = 14;

export function renderFinding({ mark, subject, text, remedy }: Finding): string {
  return `${SIGNS[mark]} ${subject.padEnd(SUBJECT_WIDTH)} ${text}${remedy === null ? '' : `. ${remedy}`}`;
}

/** A URL that may be shown: without its password and its options, which may hold another one. */
export function withoutSecrets(url: string): string {
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
}

export function messageOf(error: unknown): string {
  // A refused connection that was tried at several addresses has its reasons inside, and no message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message : String(first);
}
