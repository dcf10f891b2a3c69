// The client's chat: shows what the server says, sends optimistically, survives a lost connection.
// The server's HTML is made by message_html (safe by construction); everything else goes in as text.

import { frame, framed, headers, joined, renew, tell } from "./chat_frame.js";
import { ratingCard, ratingKey } from "./chat_rating.js";
import { follow } from "./chat_stream.js";

const body = document.body;
const $ = (id) => document.getElementById(id);
const texts = JSON.parse(body.dataset.texts);
const language = document.documentElement.lang;
const api = body.dataset.api;
const limits = { mb: Number(body.dataset.maxMb), files: Number(body.dataset.maxFiles), text: Number(body.dataset.maxText) };
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const shown = new Map(); // server id → message
const outbox = []; // {id, text, files, at, state: sending|waiting|refused|accepted, error, serverId}
const tray = [];
let lastId = 0;
let rating = null;
let talk = null; // the conversation that is written in now
let loaded = false;
let unseen = 0;

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// --- building -------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const outward = (url) => (/^(https?:\/\/|\/(?!\/))/.test(url || "") ? url : null);
const clockTime = (at) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
const dayKey = (at) => `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;

function dayName(at) {
  const now = new Date();
  if (dayKey(at) === dayKey(now)) return say("today");
  if (dayKey(at) === dayKey(new Date(now - 864e5))) return say("yesterday");
  return new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "long" }).format(at);
}

const initials = (name) => (/[\u3400-\u9fff]/.test(name) ? name.slice(-2) : name.split(/\s+/).map((w) => w[0]).join("").slice(0, 2).toUpperCase());

function avatar(message) {
  if (message.author !== "bot") return make("span", { class: "avatar tone-2", "aria-hidden": "true" }, initials(message.name || "?"));
  const face = $("typing").querySelector(".avatar").cloneNode(true);
  return face;
}

function htmlOf(message) {
  const bubble = make("div", { class: "bubble prose" });
  bubble.innerHTML = message.html;
  return bubble;
}

function sources(message) {
  if (!message.sources?.length) return null;
  return make("ul", { class: "sources", "aria-label": say("sources") }, ...message.sources.map((source) => {
    const label = [source.title, source.heading].filter(Boolean).join(" › ");
    const url = outward(source.url);
    return make("li", {}, make("span", { class: "cite" }, String(source.n)),
      url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : make("span", {}, label));
  }));
}

function video(message) {
  const url = outward(message.video);
  return url ? make("a", { class: "video", href: url, target: "_blank", rel: "noopener noreferrer" }, "▶ ", say("video")) : null;
}

function buttons(message) {
  if (!message.buttons?.length) return null;
  return make("div", { class: "answers" }, ...message.buttons.map((button) => make("button", {
    type: "button", class: "btn", "aria-pressed": String(message.pressed === button.id), disabled: Boolean(message.pressed),
    onclick: (event) => press(message, button.id, event.currentTarget),
  }, button.label)));
}

function thumbs(images) {
  if (!images?.length) return null;
  return make("div", { class: "thumbs" }, ...images.map((image) => make("a", { href: image.url, target: "_blank", rel: "noopener", "aria-label": say("open_picture", { name: image.name }) },
    make("img", { src: image.url, alt: image.name, loading: "lazy", onload: stick }))));
}

function papers(files) {
  if (!files?.length) return null;
  return make("ul", { class: "papers" }, ...files.map((file) => make("li", {}, make("a", { href: file.url, download: file.name, class: "paper-file" }, file.name))));
}

function element(message) {
  const at = new Date(message.at);
  const kind = message.mine ? "mine" : message.author;
  const node = make("article", { class: `msg ${kind}`, "data-id": message.id, "data-by": message.mine ? "me" : `${message.author}:${message.name}`, "data-at": message.at });
  const empty = !message.html || message.html === "<p></p>";
  const content = make("div", { class: "body" }, thumbs(message.images), empty ? null : htmlOf(message), papers(message.files), sources(message), video(message), buttons(message));
  if (kind !== "mine" && kind !== "system") {
    const role = message.author === "bot" ? say("bot") : say("staff");
    node.append(make("div", { class: "who" }, make("b", {}, message.name || role), message.author === "staff" ? ` · ${role}` : "", ` · ${clockTime(at)}`), avatar(message));
  }
  if (kind === "mine") content.append(make("div", { class: "meta" }, clockTime(at)));
  node.append(content);
  return node;
}

function waiting(item) {
  const sent = item.percent ? say("progress", { percent: item.percent }) : say("sending");
  const note = { sending: sent, accepted: say("sending"), waiting: item.error || say("waiting"), refused: item.error || say("failed") }[item.state];
  const meta = make("div", { class: "meta" }, make("span", { class: item.state === "refused" ? "bad" : "note" }, note));
  if (item.state === "refused") {
    meta.append(make("button", { type: "button", class: "link", onclick: () => { item.state = "waiting"; flush(); } }, say("retry")),
      make("button", { type: "button", class: "link", onclick: () => { drop(item); render(); } }, say("discard")));
  }
  const pictures = item.files.length ? make("div", { class: "thumbs" }, ...item.files.map((file) => make("span", {}, make("img", { src: file.url, alt: file.name })))) : null;
  return make("article", { class: `msg mine ${item.state === "refused" ? "refused" : "unsent"}`, "data-out": item.id, "data-by": "me" },
    make("div", { class: "body" }, pictures, item.text ? make("div", { class: "bubble prose" }, ...lines(item.text)) : null, meta));
}

const lines = (text) => text.split("\n").flatMap((line, n) => (n ? [make("br"), line] : [line]));

// --- showing --------------------------------------------------------------------------------------------------

const nearEnd = () => $("frame").scrollHeight - $("frame").scrollTop - $("frame").clientHeight < 120;
let sticking = true;
function stick() { if (sticking) $("frame").scrollTop = $("frame").scrollHeight; }

function render() {
  const log = $("log");
  const wanted = [...[...shown.values()].sort((a, b) => a.id - b.id), ...outbox];
  const have = new Map([...log.children].map((node) => [node.dataset.key, node]));
  const keep = [];
  let day = "";
  let before = "";
  let spoken = null;
  const begin = (id) => keep.push(have.get(`talk:${id}`) || keyed(make("div", { class: "day begun" }, say("begun")), `talk:${id}`));
  for (const entry of wanted) {
    const out = "state" in entry;
    const at = new Date(entry.at);
    if (dayKey(at) !== day) {
      day = dayKey(at);
      before = "";
      keep.push(have.get(`day:${day}`) || keyed(make("div", { class: "day" }, dayName(at)), `day:${day}`));
    }
    if (!out && spoken && entry.talk && entry.talk !== spoken) { begin(entry.talk); before = ""; }
    if (!out) spoken = entry.talk;
    const key = out ? `out:${entry.id}:${entry.state}` : `in:${entry.id}:${entry.revision}`;
    const node = have.get(key) || keyed(out ? waiting(entry) : element(entry), key);
    node.classList.toggle("follows", node.dataset.by === before && node.dataset.by !== "system:");
    before = node.dataset.by;
    keep.push(node);
  }
  if (rating) keep.push(have.get(ratingKey(rating)) || keyed(ratingCard(rating, { make, say, send: rate }), ratingKey(rating)));
  if (talk && spoken && talk > spoken && !outbox.length) {
    begin(talk);
    keep.push(have.get("hello") || keyed(make("p", { class: "begun-more muted" }, say("begun_more")), "hello"));
  }
  const kept = new Set(keep);
  for (const node of [...log.children]) if (!kept.has(node)) node.remove();
  keep.forEach((node, place) => { if (log.children[place] !== node) log.insertBefore(node, log.children[place] || null); });
  $("empty").hidden = !loaded || wanted.length > 0;
  stick();
}

function keyed(node, key) { node.dataset.key = key; return node; }

function take(message) {
  const old = shown.get(message.id);
  const print = JSON.stringify(message);
  if (old?.print === print) return false;
  shown.set(message.id, { ...message, print, revision: (old?.revision || 0) + 1 });
  for (const item of [...outbox]) if (message.mine && (message.key === item.id || item.serverId === message.id)) drop(item);
  return !old && !message.mine;
}

function banner(ticket) {
  $("ticket").hidden = !ticket;
  if (!ticket) return;
  $("ticket").classList.toggle("resolved", ticket.state === "resolved");
  $("ticket").querySelector("[data-number]").textContent = ticket.number;
  $("ticket").querySelector("[data-line]").textContent = ticket.line;
}

let writer = null; // the colleague who writes just now
let writing = null;
let thinking = false;

function typing(on) {
  thinking = on;
  $("typing").hidden = !(on || writer);
  const words = writer ? say("writes", { name: writer }) : say("looking");
  if ($("typing-words").textContent !== words) $("typing-words").textContent = words;
  stick();
}

function writes(name) {
  clearTimeout(writing);
  writer = name;
  writing = name ? setTimeout(() => writes(null), 10000) : null;
  typing(thinking);
}

function announce(fresh) {
  if (!fresh) return;
  writes(null);
  if (document.hidden || !frame.visible) { unseen += fresh; document.title = `(${unseen}) ${title}`; tell("unread", { count: unseen }); }
  if (!sticking) $("newer").hidden = false;
}

const title = document.title;
function seen() {
  if (document.hidden || !frame.visible) return;
  if (unseen) { unseen = 0; document.title = title; tell("unread", { count: 0 }); }
  if (lastId > frame.seen) { frame.seen = lastId; tell("seen", { id: lastId }); }
}
document.addEventListener("visibilitychange", seen);
$("frame").addEventListener("scroll", () => { sticking = nearEnd(); if (sticking) $("newer").hidden = true; }, { passive: true });
$("newer").addEventListener("click", () => { sticking = true; $("newer").hidden = true; stick(); });
new ResizeObserver(stick).observe($("frame"));

// --- receiving ------------------------------------------------------------------------------------------------

let fetching = null;
let again = null;

function refetch(after = lastId) {
  if (fetching) { again = Math.min(again ?? Infinity, after); return fetching; }
  fetching = load(after).catch(() => reconnectSoon()).finally(() => {
    fetching = null;
    if (again !== null) { const from = again; again = null; refetch(from); }
  });
  return fetching;
}

async function load(after) {
  const response = await fetch(`${api}/messages?after=${after}`, { headers: { Accept: "application/json", ...headers() }, cache: "no-store" });
  if (response.status === 401 && renew()) return load(0);
  if (lost(response.status)) return null;
  if (!response.ok) throw new Error(String(response.status));
  const page = await response.json();
  const first = !loaded;
  loaded = true;
  let fresh = 0;
  for (const message of page.messages) { if (take(message) && (!first || (frame.seen && message.id > frame.seen))) fresh += 1; lastId = Math.max(lastId, message.id); }
  settle(page);
  typing(page.typing);
  announce(fresh);
  seen();
  online(true);
  return page.messages.length === MOST && after ? load(lastId) : null;
}

const MOST = 200; // the server gives no more at once

function settle(page) {
  if ("earlier" in page) $("earlier").hidden = !page.earlier;
  rating = page.rating;
  talk = page.talk;
  banner(page.ticket);
  $("anew").hidden = !page.anew;
  render();
}

// What no patience mends: the chat is gone, or the browser is not known any more.
function lost(status) {
  if (status !== 404 && status !== 401 && status !== 410) return false;
  stream?.close();
  clearTimeout(timer);
  online(true);
  problem(say("gone"));
  for (const field of $("form").elements) field.disabled = true;
  return true;
}

async function earlier() {
  const first = Math.min(...shown.keys());
  $("earlier").disabled = true;
  $("log").setAttribute("aria-live", "off"); // old messages are no news
  const response = await fetch(`${api}/messages?before=${first}`, { headers: headers(), cache: "no-store" }).catch(() => null);
  $("earlier").disabled = false;
  if (!response?.ok) { online(false); return; }
  const page = await response.json();
  sticking = false;
  const box = $("frame");
  const rest = box.scrollHeight - box.scrollTop;
  for (const message of page.messages) take(message);
  $("earlier").hidden = !page.earlier;
  render();
  box.scrollTop = box.scrollHeight - rest;
  requestAnimationFrame(() => $("log").setAttribute("aria-live", "polite"));
}
$("earlier").addEventListener("click", earlier);

let stream = null;
let wait = 1000;
let timer = null;

function connect() {
  clearTimeout(timer);
  timer = null;
  stream?.close();
  stream = follow(`${api}/stream`, headers(), {
    opened: () => { wait = 1000; refetch(); flush(); },
    heard: (event, news) => {
      if (event === "typing") writes(news.name);
      if (event === "changed") refetch();
    },
    lost: (status) => {
      if (status === 401 && renew()) connect();
      else if (!lost(status)) reconnectSoon();
    },
  });
}

function reconnectSoon() {
  online(false);
  if (timer) return;
  timer = setTimeout(connect, wait + Math.random() * 500);
  wait = Math.min(wait * 2, 30000);
}

let offlineTimer = null;
function online(up) {
  clearTimeout(offlineTimer);
  if (up) $("offline").hidden = true;
  else offlineTimer = setTimeout(() => { $("offline").hidden = false; }, 1500);
}
window.addEventListener("online", connect);
window.addEventListener("offline", () => online(false));
window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });

// --- sending --------------------------------------------------------------------------------------------------

function token() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((byte, n) => ([4, 6, 8, 10].includes(n) ? "-" : "") + byte.toString(16).padStart(2, "0")).join("");
}

function remember() {
  const items = outbox.filter((item) => item.state !== "accepted" && !item.files.length).map(({ id, text, at }) => ({ id, text, at }));
  try { sessionStorage.setItem(body.dataset.store, JSON.stringify({ items, draft: $("text").value })); } catch { /* private window: memory is enough */ }
}

function recall() {
  try {
    const saved = JSON.parse(sessionStorage.getItem(body.dataset.store) || "{}");
    for (const item of saved.items || []) outbox.push({ ...item, files: [], state: "waiting" });
    $("text").value = saved.draft || "";
  } catch { /* nothing kept, nothing to send */ }
}

function drop(item) {
  const place = outbox.indexOf(item);
  if (place < 0) return; // already dropped: the stream may bring a message before its POST is answered
  outbox.splice(place, 1);
  for (const file of item.files) URL.revokeObjectURL(file.url);
  remember();
}

function submit(text, files = []) {
  outbox.push({ id: token(), text, files, at: new Date().toISOString(), state: "waiting" });
  sticking = true;
  remember();
  flush();
}

let sending = false;
let introduced = false; // until the page around us has said who this is, nothing leaves: it would be somebody else's
async function flush() {
  if (sending || !introduced) { render(); return; }
  sending = true;
  try {
    for (let item = next(); item; item = next()) {
      item.state = "sending";
      render();
      if (!(await post(item))) break;
    }
  } finally {
    sending = false;
    render();
  }
}
const next = () => outbox.find((item) => item.state === "waiting");

async function post(item) {
  let response;
  try {
    response = item.files.length ? await upload(item) : await fetch(`${api}/messages`, { method: "POST", ...payload(item) });
  } catch {
    return postpone(item);
  }
  if (lost(response.status)) return postpone(item, say("gone"));
  const answer = await response.json().catch(() => ({}));
  if (response.status >= 500 || response.status === 429) return postpone(item, answer.error);
  if (response.ok) {
    Object.assign(item, { state: "accepted", serverId: answer.id });
    if (shown.has(answer.id)) drop(item);
    remember();
    refetch();
  } else {
    Object.assign(item, { state: "refused", error: answer.error || say("refused") });
  }
  return true;
}

function postpone(item, error) {
  Object.assign(item, { state: "waiting", error, percent: 0 });
  if (!$("text").disabled) reconnectSoon();
  return false;
}

const payload = (item) => ({ headers: { "Content-Type": "application/json", ...headers() }, body: JSON.stringify({ id: item.id, text: item.text }) });

// Pictures go by XMLHttpRequest: only it says how far it has come.
function upload(item) {
  const form = new FormData();
  form.append("id", item.id);
  form.append("text", item.text);
  for (const file of item.files) form.append("file", file.blob, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${api}/messages`);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded: done, total }) => {
      item.percent = Math.min(99, Math.round((100 * done) / total));
      const note = $("log").querySelector(`[data-out="${item.id}"] .note`);
      if (note) note.textContent = say("progress", { percent: item.percent });
    });
    request.onload = () => resolve(new Response(request.responseText, { status: request.status }));
    request.onerror = reject;
    request.send(form);
  });
}

const call = (path, sent) => fetch(`${api}/${path}`, { method: "POST", headers: { "Content-Type": "application/json", ...headers() }, body: JSON.stringify(sent) }).catch(() => null);

async function refusedBy(response) {
  if (response?.ok) return false;
  const answer = await response?.json().catch(() => ({}));
  problem(answer?.error || say(response ? "refused" : "offline"));
  return true;
}

async function rate(given) {
  const again = document.activeElement?.getAttribute("aria-label");
  if (!(await refusedBy(await call("rating", given)))) problem("");
  await refetch();
  for (const node of $("log").querySelectorAll(".rating [aria-label]")) if (node.getAttribute("aria-label") === again) node.focus();
}

$("anew").addEventListener("click", async () => {
  if (!(await refusedBy(await call("anew", {})))) { problem(""); sticking = true; $("text").focus(); }
  refetch();
});

async function press(message, button, node) {
  for (const other of node.parentElement.children) other.disabled = true;
  node.setAttribute("aria-pressed", "true");
  if (await refusedBy(await call("press", { message: message.id, button }))) {
    for (const other of node.parentElement.children) { other.disabled = false; other.setAttribute("aria-pressed", "false"); }
  }
  refetch(Math.min(lastId, message.id - 1));
}

// --- composing ------------------------------------------------------------------------------------------------

function problem(sentence) {
  $("problem").hidden = !sentence;
  $("problem").textContent = sentence || "";
}

function resize() {
  const box = $("text");
  box.style.height = "auto";
  if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight, 168)}px`; // a closed panel has no heights
}

function showTray() {
  $("tray").hidden = !tray.length;
  $("tray").replaceChildren(...tray.map((file) => make("li", {}, make("img", { src: file.url, alt: file.name }),
    make("button", { type: "button", "aria-label": say("remove", { name: file.name }), onclick: () => { tray.splice(tray.indexOf(file), 1); URL.revokeObjectURL(file.url); showTray(); } }, "×"))));
}

function addFiles(files) {
  problem("");
  for (const blob of files) {
    const name = blob.name || say("picture");
    if (!PICTURES.includes(blob.type)) problem(say("not_picture", { name }));
    else if (blob.size > limits.mb * 1048576) problem(say("too_large", { name, mb: limits.mb }));
    else if (tray.length >= limits.files) problem(say("too_many", { n: limits.files }));
    else tray.push({ blob, name, url: URL.createObjectURL(blob) });
  }
  showTray();
}

function send() {
  const text = $("text").value.trim();
  if (!text && !tray.length) return;
  if (text.length > limits.text) { problem(say("too_long", { n: limits.text })); return; }
  problem("");
  submit(text, tray.splice(0));
  $("text").value = "";
  remember();
  resize();
  showTray();
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("text").addEventListener("keydown", (event) => {
  // Enter that confirms a Chinese input method's candidate must not send
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); send(); }
});
let told = 0;
$("text").addEventListener("input", () => {
  resize();
  remember();
  if (!shown.size || !$("text").value || Date.now() - told < 4000) return;
  told = Date.now();
  call("typing", {}); // the desk sees that somebody writes; lost, it is no loss
});
window.addEventListener("beforeunload", (event) => { if (outbox.some((item) => item.files.length && item.state !== "accepted")) event.preventDefault(); });

// A phone's keyboard covers the page without making it smaller; the part that is seen is what we fill.
const view = window.visualViewport;
function fit() {
  const covered = view.scale === 1 && innerHeight - view.height > 60;
  body.style.height = covered ? `${view.height}px` : "";
  body.style.transform = covered && view.offsetTop ? `translateY(${view.offsetTop}px)` : "";
  stick();
}
for (const event of view ? ["resize", "scroll"] : []) view.addEventListener(event, fit);
$("text").addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (files.length) { event.preventDefault(); addFiles(files); }
});
$("files").addEventListener("change", (event) => { addFiles(event.target.files); event.target.value = ""; });
for (const example of document.querySelectorAll("[data-example]")) example.addEventListener("click", () => submit(example.textContent));

let depth = 0;
const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
window.addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; $("dropzone").hidden = false; } });
window.addEventListener("dragleave", (event) => { if (carries(event)) { depth -= 1; $("dropzone").hidden = depth > 0; if (depth <= 0) $("dropzone").hidden = true; } });
window.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
window.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  depth = 0;
  $("dropzone").hidden = true;
  addFiles(event.dataTransfer.files);
});

document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.isComposing) tell("close"); });
$("close")?.addEventListener("click", () => tell("close"));
const edges = () => [...document.querySelectorAll("a[href], button, textarea, input, summary")].filter((node) => !node.disabled && node.offsetParent && !node.closest(".skip"));

recall();
resize();
render();
await joined(api, {
  visible: () => { seen(); if (frame.visible) { resize(); stick(); $("text").focus(); } },
  focus: (edge) => (edge === "last" ? edges().at(-1) : edge === "first" ? edges()[0] : $("text"))?.focus(),
});
introduced = true;
flush();
connect();
