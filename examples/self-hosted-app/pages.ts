import { html } from 'hono/html';
import type { AppSession, Device } from './sessions.ts';

/** What a template gives; every `${value}` in one is escaped. */
type Html = ReturnType<typeof html>;

export function loginPage(worker: number, message?: string): Html {
  return page(
    worker,
    html`<h1>Log in</h1>
      ${message === undefined ? '' : html`<p class="message" role="alert">${message}</p>`}
      <form method="post" action="/login">
        <label>Name <input name="name" autocomplete="username" required autofocus></label>
        <label>Password
          <input name="password" type="password" autocomplete="current-password" required>
        </label>
        <label class="check">
          <input name="keepOtherDevices" type="checkbox"> Stay logged in on my other devices
        </label>
        <button>Log in</button>
      </form>`,
  );
}

export function accountPage(
  worker: number,
  session: AppSession,
  devices: readonly Device[],
  currentId: string,
): Html {
  return page(
    worker,
    html`<h1>Logged in as ${session.userName}</h1>
      <table>
        <caption>Your devices</caption>
        <thead><tr><th>Device</th><th>Logged in</th><th>Last used</th><th></th></tr></thead>
        <tbody>${devices.map((device) => deviceRow(device, device.id === currentId))}</tbody>
      </table>
      <div class="actions">
        <form method="post" action="/logout"><button>Log out</button></form>
        <form method="post" action="/logout-others">
          <button class="quiet">Log out everywhere else</button>
        </form>
      </div>`,
  );
}

function deviceRow(device: Device, isCurrent: boolean): Html {
  return html`<tr>
    <td>${device.name}</td>
    <td>${time(device.loggedInAt)}</td>
    <td>${time(device.renewedAt)}</td>
    <td>${
      isCurrent
        ? 'this device'
        : html`<form method="post" action="/devices/${device.id}/sign-out">
            <button class="quiet">Sign out this device</button>
          </form>`
    }</td>
  </tr>`;
}

function time(at: Date): Html {
  const text = at.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function page(worker: number, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Self-hosted app</title>
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <main>${content}</main>
    <footer>Answered by worker ${worker}.</footer>
  </body>
</html>`;
}

export const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 22%, transparent);
  --accent: light-dark(#1d4ed8, #93b4ff); }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 12vh auto 2rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
label { display: block; margin: 0 0 1rem; max-width: 22rem; }
input:not([type=checkbox]) { display: block; width: 100%; font: inherit; padding: .5rem .6rem;
  border: 1px solid var(--line); border-radius: .4rem; }
button { font: inherit; padding: .45rem .9rem; border: 1px solid var(--accent); border-radius: .4rem;
  background: var(--accent); color: Canvas; cursor: pointer; }
button.quiet { background: none; color: inherit; border-color: var(--line); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; }
.message { border-left: .25rem solid var(--accent); padding-left: .75rem; }
footer { margin-top: 3rem; font-size: .85rem; opacity: .7; }
`;
