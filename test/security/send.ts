// One request over HTTP and all that came back of it. Of a stream of events the first part is enough.

export type Sent = Readonly<{
  method: string;
  /** From the root, with its query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** A form goes out as one, anything else as JSON. */
  body?: unknown;
}>;

export type Answer = Readonly<{
  status: number;
  headers: Headers;
  text: string;
  /** Null for what is no JSON. */
  json: unknown;
}>;

export async function send(url: string, { method, path, headers = {}, body }: Sent): Promise<Answer> {
  const isForm = body instanceof FormData;
  const hangUp = new AbortController();
  const response = await fetch(url + path, {
    method: method.toUpperCase(),
    headers: { ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }), ...headers },
    signal: hangUp.signal,
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = isStream ? await firstPart(response) : await response.text();
  if (isStream) hangUp.abort();
  return { status: response.status, headers: response.headers, text, json: isStream ? null : readJson(text) };
}

async function firstPart(response: Response): Promise<string> {
  const part = await response.body?.getReader().read();
  return new TextDecoder().decode(part?.value);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
