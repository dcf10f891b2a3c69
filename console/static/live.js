// Keeps a page true: refetches it when the server says something changed and folds the difference in,
// without touching focus, scroll, open menus or typed text. Regions are marked data-live="name"; what must
// never be touched is marked data-keep.

const parser = new DOMParser();
const listeners = new Set();
export const onFolded = (listener) => listeners.add(listener);

export async function refresh() {
  const response = await fetch(location.href, { headers: { "X-Live": "1" }, cache: "no-store" });
  if (response.redirected || !response.ok) return false;
  fold(parser.parseFromString(await response.text(), "text/html"));
  return true;
}

export function fold(page, { only = null } = {}) {
  for (const region of document.querySelectorAll("[data-live]")) {
    const name = region.dataset.live;
    const fresh = page.querySelector(`[data-live="${name}"]`);
    if (fresh && (!only || only.includes(name))) follow(region, () => morph(region, fresh));
  }
  for (const field of page.querySelectorAll("input[name=once]")) renew(field);
  if (page.title && document.title !== page.title) document.title = page.title;
  for (const listener of listeners) listener(page);
}

function renew(fresh) {
  const action = fresh.form.getAttribute("action");
  for (const form of document.querySelectorAll("[data-keep] form")) {
    if (form.getAttribute("action") === action && form.dataset.spent) { form.elements.once.value = fresh.value; delete form.dataset.spent; }
  }
}

function follow(region, change) {
  const scrolls = region.scrollHeight > region.clientHeight;
  const atEnd = region.scrollHeight - region.scrollTop - region.clientHeight < 80;
  const before = region.lastElementChild;
  change();
  if (scrolls && atEnd && region.lastElementChild !== before) region.scrollTop = region.scrollHeight;
}

function morph(old, fresh) {
  attributes(old, fresh);
  const keyed = new Map([...old.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = wanted.dataset?.key;
    const match = key ? keyed.get(key) : at && alike(at, wanted) ? at : null;
    if (!match) { const node = document.importNode(wanted, true); if (key) node.classList?.add("fresh"); old.insertBefore(node, at); continue; }
    if (match !== at) old.insertBefore(match, at);
    at = match.nextSibling;
    settle(match, wanted);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.nodeType !== 1 || (!a.dataset?.key && a.getAttribute("action") === b.getAttribute("action")));

function settle(match, wanted) {
  if (match.nodeType === 3) { if (match.data !== wanted.data) match.data = wanted.data; return; }
  if (match.nodeType !== 1 || match.dataset.keep !== undefined || match.dataset.ticking !== undefined && same(match, wanted)) return;
  if (match.matches("select, textarea, input:not([type=hidden])")) return;
  if (!match.isEqualNode(wanted)) morph(match, wanted);
}

const same = (a, b) => a.getAttribute("datetime") === b.getAttribute("datetime");

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "data-ticking" && name !== "tabindex") old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (name === "class" && old.classList.contains("at")) { if (old.className !== `${value} at`) old.className = `${value} at`; } else if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// --- the event stream -----------------------------------------------------------------------------------------

export function listen(url, { changed, lost }) {
  let wait = 1000;
  let soon = null;
  let missed = true; // what changed between the page's making and its first listening, too
  let waiting = [];
  const tell = (news) => { waiting.push(news); clearTimeout(soon); soon = setTimeout(() => { changed(waiting); waiting = []; }, 60); };
  function open() {
    const stream = new EventSource(url);
    stream.onopen = () => { wait = 1000; lost(false); if (missed) tell(null); missed = false; };
    stream.addEventListener("changed", (event) => tell(JSON.parse(event.data)));
    stream.addEventListener("attending", () => document.dispatchEvent(new Event("attending")));
    stream.addEventListener("typing", (event) => document.dispatchEvent(new CustomEvent("typing", { detail: JSON.parse(event.data) })));
    stream.onerror = () => {
      missed = true;
      lost(true);
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(open, wait + Math.random() * 500);
      wait = Math.min(wait * 2, 30000);
    };
  }
  open();
}
