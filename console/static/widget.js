/* The support chat on any website: <script src="…/widget.js" data-client="KEY" defer></script>. No globals, no cookies,
   no inline styles: everything is in a closed shadow tree, the chat itself in a frame of the desk's own origin. */
(() => {
  const me = document.currentScript;
  const set = me?.dataset ?? {};
  if (!set.client) return;
  const desk = new URL(me.src).origin;
  const words = "%WORDS%";
  const asked = set.language || document.documentElement.lang || navigator.language;
  const language = /^zh/i.test(asked) ? (/hant|tw|hk|mo/i.test(asked) ? "zh-Hant" : "zh-Hans") : "en";
  const say = words[language];
  const key = `aftercare:${set.client}`;
  const phone = matchMedia("(max-width: 480px)");
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(key)) || {}; } catch { /* blocked: this page's memory is enough */ }
  const keep = (more) => { Object.assign(kept, more); try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* same */ } };

  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const svg = (d) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    node.setAttribute("viewBox", "0 0 24 24");
    node.setAttribute("aria-hidden", "true");
    path.setAttribute("d", d);
    node.append(path);
    return node;
  };

  const badge = make("span", { class: "badge", hidden: "" });
  const button = make("button", { type: "button", class: "button", "aria-expanded": "false", "aria-label": say.open }, svg("M5 5h14a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 19 16h-7l-4.5 4v-4H5a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 5 5z"), badge);
  const start = make("span", { tabindex: "0" });
  const end = make("span", { tabindex: "0" });
  const panel = make("div", { class: "panel", role: "dialog", "aria-label": say.title, hidden: "" }, start, end);
  const host = make("div", { "data-aftercare": "" });
  const root = host.attachShadow({ mode: "closed" });
  const style = new CSSStyleSheet(); // a constructed sheet needs no 'unsafe-inline' of the page's policy
  style.replaceSync(`
    :host { all: initial; position: fixed; z-index: 2147483000; bottom: 0; ${set.position === "left" ? "left" : "right"}: 0; font: 15px/1.5 system-ui, sans-serif; color-scheme: light dark; }
    [hidden] { display: none !important; }
    .button { position: fixed; bottom: calc(20px + env(safe-area-inset-bottom)); ${set.position === "left" ? "left" : "right"}: 20px; width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%; background: var(--c, #3a4fd0); cursor: pointer; box-shadow: 0 6px 20px rgb(0 0 0 / 25%); }
    .button:focus-visible, a:focus-visible { outline: 3px solid var(--c, #3a4fd0); outline-offset: 3px; }
    svg { width: 27px; height: 27px; fill: none; stroke: var(--i, #fff); stroke-width: 1.8; stroke-linejoin: round; display: block; margin: auto; }
    .badge { position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px; box-sizing: border-box; border-radius: 11px; background: #b8261e; color: #fff; font: 600 12px/22px system-ui, sans-serif; text-align: center; }
    .panel { position: fixed; bottom: 92px; ${set.position === "left" ? "left" : "right"}: 20px; width: 400px; height: min(680px, calc(100vh - 112px)); border-radius: 16px; overflow: hidden; background: Canvas; color: CanvasText; box-shadow: 0 16px 48px rgb(0 0 0 / 30%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: normal; }
    p { margin: 0; padding: 32px 24px; text-align: center; font: 15px/1.6 system-ui, sans-serif; } a { color: LinkText; }
    @media (max-width: 480px) { .panel { inset: 0; width: 100%; height: 100dvh; border-radius: 0; } .full .button { display: none; } }
    @media (prefers-reduced-motion: no-preference) { .button { transition: transform .15s; } .button:hover { transform: scale(1.05); } }`);
  root.adoptedStyleSheets = [style];
  const box = make("div", {}, panel, button);
  root.append(box);

  let frame = null;
  let ready = false;
  let open = false;
  const tell = (type, more) => frame?.contentWindow?.postMessage({ ...more, aftercare: type }, desk);

  function load() {
    if (frame) return;
    frame = make("iframe", { title: say.title, src: `${desk}/embed/${encodeURIComponent(set.client)}?lang=${language}`, allow: "clipboard-write" });
    frame.addEventListener("load", () => {
      tell("hello", { open, token: kept.token, seen: kept.seen, user: set.user, name: set.name, signature: set.signature });
      setTimeout(() => { if (!ready) away(); }, 6000);
    });
    start.after(frame);
  }

  function away() {
    frame?.replaceWith(make("p", {}, `${say.away} `, make("a", { href: `${desk}/c/${encodeURIComponent(set.client)}?lang=${language}`, target: "_blank", rel: "noopener" }, say.apart)));
    frame = null;
  }

  function show(wanted) {
    open = wanted;
    if (open) load();
    panel.hidden = !open;
    panel.setAttribute("aria-modal", String(open && phone.matches));
    box.classList.toggle("full", open);
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? say.close : say.open);
    tell("visible", { open });
    if (!open) button.focus();
    else if (frame) { frame.focus(); tell("focus"); }
    else panel.querySelector("a")?.focus();
  }

  function unread(count) {
    const n = Math.min(99, Number(count) || 0);
    badge.hidden = !n;
    badge.textContent = n ? String(n) : "";
    if (!open) button.setAttribute("aria-label", n ? `${say.open} (${say.unread.replace("{n}", n)})` : say.open);
  }

  button.addEventListener("click", () => show(!open));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape" && open) show(false); });
  start.addEventListener("focus", () => { if (frame) { frame.focus(); tell("focus", { edge: "last" }); } });
  end.addEventListener("focus", () => { if (frame) { frame.focus(); tell("focus", { edge: "first" }); } });
  addEventListener("message", ({ origin, source, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== desk || !data) return;
    if (data.aftercare === "ready") { ready = true; if (open) tell("focus"); }
    if (data.aftercare === "token" && typeof data.token === "string") keep({ token: data.token });
    if (data.aftercare === "seen" && !set.user) keep({ seen: Number(data.id) || 0 });
    if (data.aftercare === "unread") unread(data.count);
    if (data.aftercare === "close" && open) show(false);
    if (data.aftercare === "refused") console.warn("support chat: data-signature is not valid for data-user");
  });

  if (set.color && CSS.supports("color", set.color)) {
    host.style.setProperty("--c", set.color);
    host.style.color = set.color;
  }
  document.body.append(host);
  if (set.color) {
    const [r, g, b] = (getComputedStyle(host).color.match(/[\d.]+/g) || [0, 0, 0]).map((n) => (n / 255) ** 2.2);
    if (0.2126 * r + 0.7152 * g + 0.0722 * b > 0.4) host.style.setProperty("--i", "#111");
  }
  if (kept.token || set.user) (window.requestIdleCallback || setTimeout)(load); // somebody who wrote before may have an answer
})();
