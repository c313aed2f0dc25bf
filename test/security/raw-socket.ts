// A client that writes bytes, not requests: it may stop half-way, dawdle, or send what no HTTP library would.
import { connect } from 'node:net';

export type RawClient = Readonly<{
  /** Resolves when the bytes are with the system, or cannot be any more. */
  write: (bytes: string | Uint8Array) => Promise<void>;
  received: () => string;
  /** Resolves once the server has hung up. */
  closed: Promise<void>;
  destroy: () => void;
}>;

export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  socket.on('error', () => {});
  return {
    write: (bytes) => new Promise((resolve) => (socket.writable ? socket.write(bytes, () => resolve()) : resolve())),
    received: () => received,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    destroy: () => socket.destroy(),
  };
}

/** Status and JSON body of the one answer that came. */
export function answerIn(received: string): Readonly<{ status: number; json: unknown }> {
  const [head = '', body = ''] = received.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    json: body === '' ? null : JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)),
  };
}
