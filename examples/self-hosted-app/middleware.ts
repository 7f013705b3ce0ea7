import type { Context, MiddlewareHandler } from 'hono';
import { csrf } from 'hono/csrf';
import { secureHeaders } from 'hono/secure-headers';

/** Tells which worker answered. */
export function nameWorker(worker: number): MiddlewareHandler {
  return async (c, next) => {
    await next();
    c.header('x-worker', String(worker));
  };
}

export function safeHeaders(publicOrigin: string | undefined): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // Not `no-referrer`: with it a browser sends `Origin: null` along with a form, and over plain http
    // nothing else tells the form of this page from that of a stranger's.
    referrerPolicy: 'same-origin',
    strictTransportSecurity: isHttps(publicOrigin) && 'max-age=15552000',
  });
}

/**
 * Refuses a form that another site had the browser send. Browsers say where a request comes from; a
 * client that is no browser sends `Origin` itself, or JSON, which another site cannot send unasked.
 */
export function refuseForeignForms(publicOrigin: string | undefined): MiddlewareHandler {
  return csrf(publicOrigin === undefined ? {} : { origin: publicOrigin });
}

/** No cache on the way, nor the browser's own, may keep what is about one person. */
export const forbidCaching: MiddlewareHandler = async (c, next) => {
  c.header('cache-control', 'no-store');
  await next();
};

export function isHttps(publicOrigin: string | undefined): boolean {
  return publicOrigin?.startsWith('https:') ?? false;
}

export function wantsJson(c: Context): boolean {
  return c.req.header('accept')?.includes('application/json') ?? false;
}
