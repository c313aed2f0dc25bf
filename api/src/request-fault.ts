import { AppError } from '@closebell/shared/errors';

/** ERR_REQ_001 about one field of a request, for what only the route can tell. `path`: the field. */
export function requestFault(path: string, message: string): AppError {
  return new AppError('ERR_REQ_001', { details: { issues: [{ path, message }] } });
}
