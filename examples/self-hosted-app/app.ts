import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { HTTPException } from 'hono/http-exception';
import { sessionIdOf } from 'onehost';
import { readLoginForm } from './login-form.ts';
import {
  forbidCaching,
  nameWorker,
  refuseForeignForms,
  safeHeaders,
  wantsJson,
} from './middleware.ts';
import { accountPage, loginPage, STYLE } from './pages.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { AppSession, Sessions } from './sessions.ts';
import type { Users } from './users.ts';

export interface AppParts {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly cookie: SessionCookie;
  readonly jobRoutes: Hono;
  /** The number of this process, for people who want to see who answered. */
  readonly worker: number;
  readonly publicOrigin: string | undefined;
}

/** Whose request it is: the token in its cookie, and the session that belongs to it. */
interface Caller {
  readonly token: string;
  readonly session: AppSession;
}

interface Env {
  Variables: { caller: Caller | null };
}

/** The same for a route behind `requireCaller`. */
interface CallerEnv {
  Variables: { caller: Caller };
}

export function createApp(parts: AppParts): Hono<Env> {
  const { users, sessions, cookie, jobRoutes, worker, publicOrigin } = parts;
  const app = new Hono<Env>();

  app.use(nameWorker(worker));
  app.use(safeHeaders(publicOrigin));
  app.use(refuseForeignForms(publicOrigin));
  app.use(bodyLimit({ maxSize: 16 * 1024 }));

  app.get('/style.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css' }));

  app.use(forbidCaching);
  // Before the look-up, which fails while the cache cannot be used: a logout must reach the store of record even then.
  app.post('/login', async (c) => {
    const form = await readLoginForm(c);
    const user = form && (await users.authenticate(form.name, form.password));
    if (!user) {
      const message = 'This name and password do not belong together.';
      return wantsJson(c)
        ? c.json({ error: message }, 401)
        : c.html(loginPage(worker, message), 401);
    }
    // A browser has one session: the one it had until now would stay behind with nobody to end it.
    const before = cookie.read(c);
    if (before !== null) await sessions.logOut(before);
    const { token, expiresAt } = await sessions.logIn(user, form);
    cookie.write(c, token, expiresAt);
    const session = { id: sessionIdOf(token), user, device: form.device, expiresAt };
    return wantsJson(c) ? c.json({ session, worker }) : c.redirect('/', 303);
  });

  app.post('/logout', async (c) => {
    // By the token, not the caller: what the cache does not know is still to be removed from the store.
    const token = cookie.read(c);
    // If it throws, the cookie stays: the store has the logout, and to repeat it makes the cache follow.
    if (token !== null) await sessions.logOut(token);
    cookie.remove(c);
    return done(c);
  });

  app.use(async (c, next) => {
    const token = cookie.read(c);
    const found = token === null ? null : await sessions.find(token);
    c.set('caller', token && found ? { token, session: found.session } : null);
    if (token && found?.renewedUntil) cookie.write(c, token, found.renewedUntil);
    await next();
  });

  app.get('/', async (c) => {
    const { caller } = c.var;
    if (caller === null) return c.html(loginPage(worker));
    const { token, session } = caller;
    const devices = await sessions.devices(session.userId);
    return c.html(accountPage(worker, session, devices, sessionIdOf(token)));
  });

  app.post('/logout-others', requireCaller, async (c) => {
    const { session, token } = c.var.caller;
    await sessions.logOutOthers(session.userId, token);
    return done(c);
  });

  app.post('/devices/:id/sign-out', requireCaller, async (c) => {
    const wasThere = await sessions.signOutDevice(c.var.caller.session.userId, c.req.param('id'));
    return wasThere ? done(c) : c.json({ error: 'You have no such device.' }, 404);
  });

  app.get('/me', requireCaller, (c) => {
    const { userId, userName, device } = c.var.caller.session;
    return c.json({
      user: { id: userId, name: userName },
      device,
      worker,
      loadsSinceStart: sessions.loads,
    });
  });

  app.get('/devices', requireCaller, async (c) => {
    const { session, token } = c.var.caller;
    const current = sessionIdOf(token);
    const devices = await sessions.devices(session.userId);
    return c.json(devices.map((device) => ({ ...device, isCurrent: device.id === current })));
  });

  app.use('/jobs/*', requireCaller);
  app.route('/jobs', jobRoutes);

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // A logout that failed is among these, and must not look like one that was done.
    console.error(`worker ${worker}: ${c.req.method} ${c.req.path} failed:`, error);
    return c.text('Something went wrong here. Please try again.', 500);
  });

  return app;
}

const requireCaller = createMiddleware<CallerEnv>(async (c, next) =>
  c.var.caller === null ? refuse(c) : next(),
);

/** After a form the browser goes to the page, so that reloading it sends no form again. */
function done(c: Context): Response {
  return wantsJson(c) ? c.json({ done: true }) : c.redirect('/', 303);
}

function refuse(c: Context): Response {
  return c.req.method === 'GET' || wantsJson(c)
    ? c.json({ error: 'Not logged in.' }, 401)
    : c.redirect('/', 303);
}
