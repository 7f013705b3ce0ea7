import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

/** As `newSessionToken()` makes them, then a dot, then 32 bytes in base64url. */
const FORMAT = /^([\w-]{43})\.([\w-]{43})$/;

/**
 * The cookie `<token>.<signature>`. The token alone is a secret nobody can guess; the signature makes a
 * made-up one cost an HMAC and not a look-up in two databases.
 */
export class SessionCookie {
  readonly #secret: string;
  readonly #secure: boolean;
  /** A browser takes `__Host-` from this very host alone, and not from a neighbouring subdomain. */
  readonly #name: string;

  /** `secure`: the browser sends it over https alone. */
  constructor({ secret, secure }: { secret: string; secure: boolean }) {
    this.#secret = secret;
    this.#secure = secure;
    this.#name = secure ? '__Host-session' : 'session';
  }

  /** The token of this request, if this app has signed it. */
  read(c: Context): string | null {
    const [, token, signature] = FORMAT.exec(getCookie(c, this.#name) ?? '') ?? [];
    if (token === undefined || signature === undefined) return null;
    const given = Buffer.from(signature, 'base64url');
    return timingSafeEqual(given, this.#sign(token)) ? token : null;
  }

  write(c: Context, token: string, expiresAt: Date): void {
    setCookie(c, this.#name, `${token}.${this.#sign(token).toString('base64url')}`, {
      ...this.#attributes(),
      expires: expiresAt,
      maxAge: Math.ceil((expiresAt.getTime() - Date.now()) / 1000),
    });
  }

  remove(c: Context): void {
    deleteCookie(c, this.#name, this.#attributes());
  }

  #sign(token: string): Buffer {
    return createHmac('sha256', this.#secret).update(token).digest();
  }

  #attributes() {
    return { httpOnly: true, sameSite: 'Lax', path: '/', secure: this.#secure } as const;
  }
}
