// A ticket's page: who else is here, what overtook a verb, pictures, links, keys. Everything works without it too,
// but for seeing the others live.

import { onFolded, refresh } from "./live.js";

const body = document.body;
const texts = JSON.parse(body.dataset.texts);
const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const $ = (selector, within = document) => within.querySelector(selector);
const here = `/desk/t/${body.dataset.number}`;
const parser = new DOMParser();
const reply = $("#reply");
const form = $("#reply-form");
const note = $("#note");
const state = () => $("[data-seen]").dataset.seen;

// --- who else is here -----------------------------------------------------------------------------------------

const RENEW = 8000;
const STILL = 12000; // without a stroke for so long, somebody is reading again
const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const touched = { writing: -STILL, noting: -STILL };
let told = "";
let toldAt = -RENEW;

function doing() {
  const now = performance.now();
  if (reply?.value.trim() && now - touched.writing < STILL) return "writing";
  if (note?.value.trim() && now - touched.noting < STILL) return "noting";
  return "looking";
}

function fields(what) {
  return new URLSearchParams({ csrf: body.dataset.csrf, tab, doing: what, upto: state().split(".")[0] });
}

async function attend() {
  const what = document.hidden ? "left" : doing();
  const now = performance.now();
  if (what === told && (what === "left" || now - toldAt < RENEW)) return;
  [told, toldAt] = [what, now];
  try { await fetch(`${here}/attending`, { method: "POST", body: fields(what), headers: { "X-Live": "1" } }); } catch { told = ""; }
}
reply?.addEventListener("input", () => { touched.writing = performance.now(); attend(); });
note?.addEventListener("input", () => { touched.noting = performance.now(); attend(); });
document.addEventListener("visibilitychange", attend);
addEventListener("pagehide", () => { told = "left"; navigator.sendBeacon(`${here}/attending`, fields("left")); });
addEventListener("pageshow", attend);
setInterval(attend, 1000);

let expiry = null;
let asked = 0;
async function others() {
  const turn = ++asked;
  try {
    const response = await fetch(`${here}/attending`, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (!response.ok || response.redirected || turn !== asked) return;
    const fresh = $("#attending", parser.parseFromString(await response.text(), "text/html"));
    const old = $("#attending");
    if (old.textContent !== fresh.textContent) old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    fade(fresh.dataset.until);
  } catch { /* the next change asks again */ }
}
function fade(until) {
  clearTimeout(expiry);
  if (until) expiry = setTimeout(others, Math.min(21000, Math.max(500, new Date(until) - Date.now() + 500)));
}
fade($("#attending").dataset.until);
document.addEventListener("attending", others);

// The client's typing is heard every few seconds while it lasts, and forgotten soon after.
const WRITES = 6000;
let written = null;
document.addEventListener("typing", ({ detail }) => {
  const line = $("#client-writes");
  line.textContent = line.dataset.words.replace("{name}", detail.name);
  line.hidden = false;
  clearTimeout(written);
  written = setTimeout(() => { line.hidden = true; }, WRITES);
});

// --- what overtook a verb ---------------------------------------------------------------------------------------

// What is asked stays until it is done or left, whatever else is folded in meanwhile.
onFolded((page) => {
  for (const name of ["asks", "overtaken"]) {
    const old = document.getElementById(name);
    const fresh = page?.getElementById(name);
    if (!old || !fresh?.children.length) continue;
    old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    $(".asking", old)?.focus();
    document.dispatchEvent(new Event("times"));
  }
  look();
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.enhance !== undefined) $("#asks").replaceChildren();
}, true);
document.addEventListener("click", (event) => {
  const leave = event.target.closest("[data-leave-it]");
  if (!leave) return;
  event.preventDefault();
  leave.closest("#asks, #overtaken").replaceChildren();
  look();
});

// The form carries what its writer had seen: all that is shown while the box is empty, no more once they write.
const begun = () => reply.value.trim() !== "" || $("input[type=file]", form).files.length > 0;
const newest = (text) => Number(text.split(".")[0]);

function look() {
  if (!form) return;
  const seen = form.elements.seen;
  if (!begun()) { seen.value = state(); $("#overtaken").replaceChildren(); }
  const unread = [...document.querySelectorAll("[data-theirs]")].filter((line) => Number(line.id.slice(1)) > newest(seen.value));
  const bar = $("[data-news]");
  bar.hidden = unread.length === 0;
  if (unread.length) $("[data-news-words]").textContent = say("case_news", { name: unread.at(-1).dataset.theirs });
}
$("[data-news-read]")?.addEventListener("click", () => { form.elements.seen.value = state(); look(); reply.focus(); });
reply?.addEventListener("input", () => { if (!begun()) look(); });
look();

// Chosen pictures do not survive a reload of the tab: say so.
const chosen = `desk:${location.pathname}:pictures`;
form?.addEventListener("change", (event) => {
  if (event.target.type === "file") sessionStorage.setItem(chosen, event.target.files.length || "");
  $("[data-lost]").hidden = true;
});
if (form) {
  $("[data-lost]").hidden = !sessionStorage.getItem(chosen) || $("input[type=file]", form).files.length > 0;
  form.addEventListener("reset", () => sessionStorage.removeItem(chosen));
}

// --- the transcript -------------------------------------------------------------------------------------------

const lines = $("#lines");
const toUnread = $("[data-to-unread]");
function unread() { toUnread.hidden = !$("#unread"); }
unread();
onFolded(unread);
toUnread.addEventListener("click", (event) => { event.preventDefault(); toUnread.hidden = true; $("#unread")?.scrollIntoView({ block: "start" }); });

document.addEventListener("click", async (event) => {
  const earlier = event.target.closest("[data-earlier]");
  if (!earlier) return;
  event.preventDefault();
  const [height, top] = [lines.scrollHeight, lines.scrollTop];
  history.replaceState(null, "", earlier.href);
  await refresh().catch(() => {});
  lines.scrollTop = top + lines.scrollHeight - height;
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-permalink]");
  const line = link && document.getElementById(`m${link.dataset.permalink}`);
  if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  for (const old of document.querySelectorAll(".line.found")) old.classList.remove("found");
  line.classList.add("found");
  line.scrollIntoView({ block: "center" });
  if (link.classList.contains("permalink")) { history.replaceState(null, "", `#${line.id}`); copy(link.href, link); }
});
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });

// --- links ----------------------------------------------------------------------------------------------------

function toast(sentence) {
  const line = document.createElement("p");
  line.className = "flash ok";
  line.setAttribute("role", "status");
  line.textContent = sentence;
  $("#flash").replaceChildren(line);
  setTimeout(() => line.remove(), 4000);
}
async function copy(link) {
  try { await navigator.clipboard.writeText(link); toast(say("case_copied")); } catch { toast(say("case_not_copied", { link })); }
}
function offer() { for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false; }
offer();
onFolded(offer);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(location.origin + button.dataset.copy);
});

// --- pictures -------------------------------------------------------------------------------------------------

const light = $("#light");
let shown = 0;
const pictures = () => [...document.querySelectorAll("[data-light]")];
function show(place) {
  const all = pictures();
  if (!all.length) return;
  shown = (place + all.length) % all.length;
  const [link, small] = [all[shown], $("img", all[shown])];
  const image = $("img", light);
  image.src = link.href;
  image.alt = small.alt;
  $("figcaption", light).textContent = `${small.alt} · ${shown + 1} / ${all.length}`;
  $("a", light).href = link.href;
  for (const step of light.querySelectorAll("[data-step]")) step.hidden = all.length < 2;
  if (!light.open) light.showModal();
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-light]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); show(pictures().indexOf(link)); return; }
  const step = event.target.closest("[data-step]");
  if (step) show(shown + Number(step.dataset.step));
  if (event.target === light) light.close();
});
light.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(shown - 1);
  if (event.key === "ArrowRight") show(shown + 1);
});
light.addEventListener("close", () => pictures()[shown]?.focus());

// --- help ------------------------------------------------------------------------------------------------------

async function load(place, url) {
  place.textContent = "…";
  try {
    const response = await fetch(url, { headers: { "X-Live": "1" } });
    const found = response.ok && $("#about", parser.parseFromString(await response.text(), "text/html"));
    place.replaceChildren(...(found ? [...found.childNodes].map((node) => document.importNode(node, true)) : []));
    document.dispatchEvent(new Event("times"));
  } catch { place.textContent = ""; }
}
const waiting = $("[data-load]");
if (waiting) setTimeout(() => load(waiting, waiting.dataset.load), 200);
document.addEventListener("toggle", (event) => {
  const place = event.target.open && event.target.querySelector?.("[data-into]");
  if (place) load(place, place.dataset.into);
}, true);
document.addEventListener("submit", (event) => {
  const slow = event.target.dataset.slow;
  if (slow) $("button", event.target).textContent = slow;
  if (event.target.dataset.insert === undefined || !reply) return;
  event.preventDefault();
  form.elements.suggestion.value = event.target.elements.suggestion.value;
  $("#tab-reply").checked = true;
  reply.focus();
  reply.setRangeText(reply.value.trim() ? `\n${event.target.dataset.text}` : event.target.dataset.text, reply.selectionStart, reply.selectionEnd, "end");
  reply.dispatchEvent(new Event("input", { bubbles: true }));
});

// --- keys -----------------------------------------------------------------------------------------------------

// A key leads to its control and opens what it lies in; Enter then presses it. Nothing reaches a client by one key.
const AT_ONCE = "[data-copy], [data-to-unread], [data-at-once]";
function go(target) {
  if (target.matches(AT_ONCE)) { target.click(); return; }
  const menu = target.closest("details");
  if (menu) menu.open = true;
  if (target.matches("summary")) $("button, input:not([type=hidden]), select", menu).focus();
  else target.focus();
}
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || (field && field.type !== "radio") || $("dialog[open]")) return;
  const target = /^[a-z!]$/.test(event.key) && $(`[data-press="${event.key}"]`);
  if (!target || target.hidden) return;
  event.preventDefault();
  go(target);
});
