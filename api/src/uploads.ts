// One uploaded file and the form beside it, held in memory. What is too large or misnamed is refused while it streams in, and counted:
// the faults inside a file are counted where it is read.
import { UPLOAD_FIELD } from '@closebell/shared/contracts/onboarding';
import { FILE_BYTES_MAX } from '@closebell/shared/csv/parse';
import { AppError } from '@closebell/shared/errors';
import type { Request, RequestHandler, Response } from 'express';
import multer, { type StorageEngine } from 'multer';
import type { ApiContext } from './context.js';

export type Upload = Readonly<{
  /** Form fields as text; a field sent twice is an array. */
  fields: Readonly<Record<string, unknown>>;
  /** Null when the form has no file. */
  file: Readonly<{ name: string; bytes: Buffer }> | null;
}>;

const FILE_NAME_MAX = 255;
/** The largest file, and room for the fields and boundaries around it. */
const BODY_BYTES_MAX = FILE_BYTES_MAX + 512 * 1024;
/** For how long a refused upload is still taken in and dropped: a client that writes on into a closed socket would not see the answer. */
const LINGER_MS = 2_000;

/** Of a request that is no form. */
export const NO_UPLOAD: Upload = { fields: {}, file: null };

/**
 * Reads the multipart body; one that cannot be taken is refused the moment this shows, and not when all of it was sent. Throws ERR_CSV_001,
 * ERR_CSV_002, ERR_PORT_007 (a file in another field) or ERR_REQ_001.
 */
export async function receiveUpload({ metrics }: ApiContext, request: Request, response: Response): Promise<Upload> {
  await formRead(request, response).catch((fault: unknown) => {
    if (!request.complete) response.once('finish', () => setTimeout(() => hangUp(request), LINGER_MS).unref());
    const cause = asAppError(fault);
    if (cause instanceof AppError && cause.code.startsWith('ERR_CSV_'))
      metrics.count('closebell_csv_errors_total', { code: cause.code });
    throw cause;
  });
  const { file } = request;
  return {
    fields: { ...(request.body as Record<string, unknown> | undefined) },
    file: file === undefined ? null : { name: shownName(file.originalname), bytes: file.buffer },
  };
}

/** Unless all of it has come by now: the connection is good for the next request then. */
function hangUp(request: Request): void {
  if (!request.complete) request.destroy();
}

/** The parser reports a fault after the whole body has gone by, which may take for ever: what we see for ourselves rejects at once. */
function formRead(request: Request, response: Response): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) reject(new AppError('ERR_CSV_001'));
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) reject(new AppError('ERR_CSV_001'));
    });
    formReader(reject)(request, response, (fault: unknown) => (fault === undefined ? resolve() : reject(fault)));
  });
}

function formReader(refuse: (fault: AppError) => void): RequestHandler {
  const memory = multer.memoryStorage();
  const storage: StorageEngine = {
    _handleFile: (request, file, done) => {
      file.stream.once('limit', () => refuse(new AppError('ERR_CSV_001')));
      memory._handleFile(request, file, done);
    },
    _removeFile: memory._removeFile.bind(memory),
  };
  return multer({
    storage,
    limits: { files: 1, fileSize: FILE_BYTES_MAX, fields: 20, fieldSize: 16_384, fieldNameSize: 100, parts: 30 },
    fileFilter: (_request, { originalname }, decide) => {
      if (originalname.trim().toLowerCase().endsWith('.csv')) return decide(null, true);
      const fault = new AppError('ERR_CSV_002', {
        message: 'The name of the file must end in .csv. Save it as CSV (UTF-8) and upload that.',
      });
      refuse(fault);
      return decide(fault);
    },
  }).single(UPLOAD_FIELD);
}

function asAppError(fault: unknown): unknown {
  if (fault instanceof AppError) return fault;
  if (!(fault instanceof multer.MulterError)) {
    // The parser's own errors: no boundary, a part without end, a client that went away.
    return new AppError('ERR_REQ_001', {
      message: 'The multipart form cannot be read. Send it whole, with its boundary.',
      cause: fault,
    });
  }
  if (fault.code === 'LIMIT_FILE_SIZE') return new AppError('ERR_CSV_001', { cause: fault });
  if (fault.code === 'LIMIT_UNEXPECTED_FILE' || fault.code === 'LIMIT_FILE_COUNT') {
    return new AppError('ERR_PORT_007', { message: `Send one file, in the form field ${UPLOAD_FIELD}.`, cause: fault });
  }
  const issues = [{ path: fault.field ?? '', message: fault.message }];
  return new AppError('ERR_REQ_001', { details: { issues }, cause: fault });
}

/** The parser reads file names as Latin-1, while browsers send UTF-8. */
function shownName(name: string): string {
  return Buffer.from(name, 'latin1')
    .toString('utf8')
    .replaceAll(/\p{Cc}/gu, '')
    .slice(-FILE_NAME_MAX)
    .toWellFormed();
}
