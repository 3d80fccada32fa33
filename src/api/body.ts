import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { isJson } from './callers.ts';
import { MAX_BODY_BYTES } from './paths.ts';

/**
 * The JSON body of a request, checked. Throws `ZodError`, or `HTTPException`: 415 when it is not said to be JSON, 413
 * above the limit, however the client announces its length. (hono's own limit makes the request anew, which needs the adapter's global
 * `Request` in place of the platform's.)
 */
export async function readBody<Output>(request: Request, schema: z.ZodType<Output>): Promise<Output> {
  if (!isJson(request.headers)) {
    throw new HTTPException(415, { message: 'the body must be sent as content-type: application/json' });
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return jsonText.pipe(schema).parse(Buffer.concat(chunks).toString('utf8'));
}

function tooLarge(): HTTPException {
  const limit = `${MAX_BODY_BYTES / 1024 / 1024} MiB`;
  return new HTTPException(413, { message: `the request is larger than ${limit}, send fewer files at once` });
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('the body is no JSON');
    return z.NEVER;
  }
});
