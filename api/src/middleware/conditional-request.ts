// Lets pollers have their 304.
import type { NextFunction, Request, Response } from 'express';

/**
 * `fetch` adds Cache-Control: no-cache to every request with If-None-Match, and Express then never answers 304. But what no-cache
 * asks for is that we, not a cache on the way, say whether the answer is still good: that is just what a 304 from here says.
 */
export function conditionalRequest(request: Request, _response: Response, next: NextFunction): void {
  if (request.headers['if-none-match'] !== undefined) delete request.headers['cache-control'];
  next();
}
