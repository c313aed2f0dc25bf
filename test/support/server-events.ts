// A stream of server-sent events as a browser reads it.

export type ReceivedEvent = Readonly<{ event: string; id: string | null; data: Record<string, unknown> }>;

export type ReceivedStream = Readonly<{
  status: number;
  headers: Headers;
  /** The next event; null once the stream has ended. Comments and hints are left out. */
  next: () => Promise<ReceivedEvent | null>;
  /** Everything received so far, as it came. */
  text: () => string;
  close: () => void;
}>;

export async function openStream(url: string, headers: Readonly<Record<string, string>>): Promise<ReceivedStream> {
  const cutOff = new AbortController();
  const response = await fetch(url, { headers, signal: cutOff.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let [all, unread] = ['', ''];
  const next = async (): Promise<ReceivedEvent | null> => {
    for (;;) {
      const end = unread.indexOf('\n\n');
      if (end >= 0) {
        const event = parseEvent(unread.slice(0, end));
        unread = unread.slice(end + 2);
        if (event !== null) return event;
        continue;
      }
      const { done = true, value = '' } = (await reader?.read()) ?? {};
      if (done) return null;
      all += value;
      unread += value;
    }
  };
  return { status: response.status, headers: response.headers, next, text: () => all, close: () => cutOff.abort() };
}

function parseEvent(block: string): ReceivedEvent | null {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
  const [event, data] = [field('event'), field('data')];
  if (event === null || data === null) return null;
  return { event, id: field('id'), data: JSON.parse(data) as Record<string, unknown> };
}
