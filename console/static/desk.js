// The desk's behaviour: ticking clocks, keys, forms without a page load. Everything works without it too.

import { fold, listen, onFolded, refresh } from "./live.js";

const body = document.body;
const texts = JSON.parse(body.dataset.texts);
const language = document.documentElement.lang;
const skew = new Date(body.dataset.now) - new Date();
const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const $ = (selector, within = document) => within.querySelector(selector);
const now = () => Date.now() + skew;

// --- time -----------------------------------------------------------------------------------------------------

function span(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return say("second", { n: seconds });
  if (minutes < 60) return say("minute", { n: minutes });
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days) return [say("day", { n: days }), hours ? say("hour", { n: hours }) : ""].join(" ").trim();
  return [say("hour", { n: hours }), minutes % 60 ? say("minute", { n: minutes % 60 }) : ""].join(" ").trim();
}

const format = (options) => new Intl.DateTimeFormat(language, { hour12: false, ...options });
const shapes = {
  clock: format({ hour: "2-digit", minute: "2-digit" }),
  date: format({ weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }),
  day: format({ weekday: "long", month: "long", day: "numeric" }),
  full: format({ year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }),
};

function show(node) {
  const at = new Date(node.dateTime);
  const due = node.dataset.due;
  const left = due ? new Date(due) - now() : 0;
  let words;
  if (due) words = say(left < 0 ? "late" : "due", { span: span(Math.abs(left)) });
  else if (node.dataset.show === "ago") words = now() - at < 60000 ? say("just_now") : say("ago", { span: span(now() - at) });
  else words = shapes[node.dataset.show].format(at);
  if (node.textContent !== words) node.textContent = words;
  if (due) {
    const quarter = (new Date(due) - new Date(node.dataset.from)) / 4;
    node.classList.toggle("late", left < 0);
    node.classList.toggle("soon", left >= 0 && left <= quarter);
  }
  if (node.dataset.ticking !== node.dateTime) { node.dataset.ticking = node.dateTime; node.title = shapes.full.format(at); }
}

function tick() { for (const node of document.querySelectorAll("time[datetime]")) if (node.dataset.show || node.dataset.due) show(node); }
tick();
setInterval(tick, 1000);
onFolded(tick);
document.addEventListener("times", tick);

// the server groups by the reader's days: it learns the zone once
const zone = encodeURIComponent(shapes.full.resolvedOptions().timeZone);
const zoneKnown = document.cookie.split("; ").includes(`zone=${zone}`);
if (!zoneKnown) document.cookie = `zone=${zone}; path=/desk; max-age=31536000; samesite=lax`;

// --- live -----------------------------------------------------------------------------------------------------

if (!zoneKnown && body.dataset.page === "ticket") refresh().catch(() => {});
let losing = null;
listen(body.dataset.events, {
  changed(all) {
    const mine = (news) => body.dataset.page !== "ticket" || !news || news.topic !== "desk" || news.ticket === body.dataset.number;
    if (all.some(mine)) refresh().catch(() => {});
  },
  lost(down) {
    clearTimeout(losing);
    if (!down) $("#offline").hidden = true;
    else losing = setTimeout(() => { $("#offline").hidden = false; }, 2000);
  },
});

// --- forms ----------------------------------------------------------------------------------------------------

const parser = new DOMParser();

function flash(sentence) {
  const line = document.createElement("p");
  line.className = "flash bad";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  $("#flash").replaceChildren(...(sentence ? [line] : []));
}

async function send(form, submitter) {
  const fields = new FormData(form, submitter);
  const encoded = form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: encoded, headers: { "X-Live": "1" } });
    settle(form, response, parser.parseFromString(await response.text(), "text/html"));
  } catch {
    flash(say("unsent"));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function settle(form, response, page) {
  if (new URL(response.url).pathname === "/desk/sign-in" || response.status === 403) { flash(say("signed_out")); return; }
  if (!$("#main", page)) { flash(say("unsent")); return; }
  form.dataset.spent = "1";
  $("details[open]", form.closest(".acts") || form)?.removeAttribute("open");
  form.closest("details.menu")?.removeAttribute("open");
  if (response.ok && form.dataset.clear !== undefined) clear(form);
  if (response.ok && response.redirected && new URL(response.url).pathname !== location.pathname) { location.assign(response.url); return; }
  fold(page);
  if (form.dataset.clear !== undefined) end();
}

function clear(form) {
  form.reset();
  const area = $("textarea", form);
  area.value = "";
  forget(area);
  names(form);
}

function names(form) {
  const label = $(".file-name", form);
  if (label) label.textContent = [...$("input[type=file]", form).files].map((file) => file.name).join(", ") || label.dataset.empty;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.enhance === undefined) return;
  if (event.submitter?.dataset.plain !== undefined) return forget($("textarea", form)); // goes to a page of its own
  event.preventDefault();
  send(form, event.submitter);
});
document.addEventListener("change", (event) => { if (event.target.type === "file") names(event.target.form); });
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// typed text survives a reload of the tab
const place = (area) => `desk:${location.pathname}:${area.id}`;
const forget = (area) => sessionStorage.removeItem(place(area));
for (const area of document.querySelectorAll("[data-keep] textarea")) {
  area.value ||= sessionStorage.getItem(place(area)) || "";
  area.addEventListener("input", () => { if (area.value) sessionStorage.setItem(place(area), area.value); else forget(area); });
}

function end() {
  const lines = $("#lines");
  if (lines) lines.scrollTop = lines.scrollHeight;
}
if (!location.hash) end();
document.addEventListener("load", (event) => {
  const lines = event.target.closest?.("#lines");
  if (lines && lines.scrollHeight - lines.scrollTop - lines.clientHeight < event.target.height + 120) end();
}, true);

// --- keys -----------------------------------------------------------------------------------------------------

const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => $("[data-row].at");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const from = all.indexOf(current());
  const to = all[Math.max(0, Math.min(all.length - 1, from < 0 ? 0 : from + step))];
  current()?.classList.remove("at");
  to.classList.add("at");
  $(".row-link", to).focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
}

function write(tab) {
  const radio = $(`#tab-${tab}`);
  if (!radio) return;
  radio.checked = true;
  $(`#${tab}`).focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => current() && location.assign($(".row-link", current()).href),
  c: () => $("[data-claim]", body.dataset.page === "queue" ? current() || document.createElement("i") : document)?.click(),
  r: () => write("reply"),
  n: () => write("note"),
  u: () => $("[data-back]")?.click(),
  "?": () => $("#keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field?.form?.dataset.clear !== undefined) {
    event.preventDefault();
    field.form.requestSubmit($("[data-default]", field.form));
    return;
  }
  if (event.key === "Escape") { field?.blur(); for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false; return; }
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || (field && !["radio", "checkbox"].includes(field.type)) || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary") && !event.target.matches(".row-link")) return;
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && row !== current()) { current()?.classList.remove("at"); row.classList.add("at"); }
});

// --- filtering a list -----------------------------------------------------------------------------------------

for (const box of document.querySelectorAll("[data-filter]")) {
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const line of document.querySelectorAll(`${box.dataset.filter} tbody tr`)) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  });
}

// --- what presses, outside the page -----------------------------------------------------------------------------

// A notice that presses is shown once for each browser, where its reader allows it.
const SHOWN = "desk:pressing";

function press() {
  const { pressing, words, title } = $(".bell")?.dataset ?? {};
  if (!pressing || Number(pressing) <= Number(localStorage.getItem(SHOWN))) return;
  localStorage.setItem(SHOWN, pressing);
  document.dispatchEvent(new CustomEvent("desk:pressing"));
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(words, { body: title, tag: `desk-${pressing}` });
  shown.onclick = () => { window.focus(); location.assign("/desk/notices"); };
}
function offer() {
  const button = $("[data-notify]");
  if (button) button.hidden = !("Notification" in window) || Notification.permission !== "default";
}
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-notify]")) return;
  await Notification.requestPermission();
  offer();
});
for (const look of [press, offer]) { look(); onFolded(look); }

// --- what scrolls sideways can be reached by keyboard ------------------------------------------------------------

const sideways = ".table-frame, main table, main pre, .editor-sketch";
function reachable() {
  for (const frame of document.querySelectorAll(sideways)) {
    if (frame.scrollWidth > frame.clientWidth || frame.scrollHeight > frame.clientHeight) frame.tabIndex = 0; else frame.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
reachable();
onFolded(reachable);
