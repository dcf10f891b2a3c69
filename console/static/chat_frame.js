// The chat inside a client's own page: who may speak to it, and what is said between the two pages.
// Only the parent window, and only from an origin that is set for this client, is listened to. The visitor's token
// is kept by the page around us, as a frame's own cookies and storage may be blocked.

const { token: fresh, origins, alone } = document.body.dataset;
const allowed = JSON.parse(origins || "[]");
let host = null;

export const framed = Boolean(fresh);
export const frame = { token: fresh || null, visible: !framed, seen: 0, vouched: false };
export const headers = () => (frame.token ? { "X-Visitor": frame.token } : {});

export function tell(type, more = {}) {
  if (host) parent.postMessage({ ...more, aftercare: type }, host);
}

// A token that is not ours any more gives way to a fresh one; false where that cannot help.
export function renew() {
  if (!framed || frame.vouched || frame.token === fresh) return false;
  frame.token = fresh;
  tell("token", { token: fresh });
  return true;
}

export function joined(api, { visible, focus }) {
  if (!framed) return Promise.resolve();
  if (parent === window) { location.replace(alone); return new Promise(() => {}); }
  return new Promise((resolve) => addEventListener("message", async ({ source, origin, data }) => {
    if (source !== parent || !allowed.includes(origin) || !data || typeof data !== "object") return;
    if (data.aftercare === "hello" && !host) {
      host = origin;
      frame.visible = Boolean(data.open);
      frame.seen = Number(data.seen) || 0;
      await introduce(api, data);
      tell("ready");
      resolve();
    } else if (data.aftercare === "visible" && host) {
      frame.visible = Boolean(data.open);
      visible();
    } else if (data.aftercare === "focus" && host) focus(data.edge);
  }));
}

async function introduce(api, { token, user, name, signature }) {
  if (user) {
    const vouched = await vouchedFor(api, { user: String(user), name: String(name || ""), signature: String(signature || "") });
    if (vouched) { frame.token = vouched; frame.vouched = true; return; }
    tell("refused");
    return; // nobody vouches for them: somebody new, not who used this browser before
  }
  if (typeof token === "string" && token) frame.token = token;
  else tell("token", { token: fresh });
}

async function vouchedFor(api, user) {
  const response = await fetch(`${api}/identify`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(user) }).catch(() => null);
  return response?.ok ? (await response.json()).token : null;
}
