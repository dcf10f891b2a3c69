// The queue's behaviour: choosing several rows and doing one thing to all of them. All of it works without too.

import { fold, onFolded } from "./live.js";

const texts = JSON.parse(document.body.dataset.texts);
const $ = (selector, within = document) => within.querySelector(selector);
const bulk = $("#bulk");
const verdicts = $("#verdicts");
const picks = () => [...document.querySelectorAll("input[name=ticket]")];
const picked = () => picks().filter((pick) => pick.checked);
let last = null;

// --- choosing -------------------------------------------------------------------------------------------------

function count() {
  const [chosen, all] = [picked().length, picks().length];
  $("[data-picked]").textContent = chosen;
  $("[data-pick-all]").hidden = chosen === all;
  $("[data-pick-none]").hidden = !chosen;
}

function pick(box, on, ranged) {
  const all = picks();
  const [from, to] = [all.indexOf(last), all.indexOf(box)];
  const chosen = ranged && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  for (const each of chosen) each.checked = on;
  last = box;
  count();
}

function every(on) {
  for (const each of picks()) each.checked = on;
  last = null;
  count();
}

document.addEventListener("click", (event) => {
  if (event.target.matches("input[name=ticket]")) pick(event.target, event.target.checked, event.shiftKey);
  else if (event.target.closest("[data-pick-all]")) every(true);
  else if (event.target.closest("[data-pick-none]")) every(false);
});
document.addEventListener("mousedown", (event) => { if (event.shiftKey && event.target.closest(".pick")) event.preventDefault(); });

// --- keys -----------------------------------------------------------------------------------------------------

const here = () => $("[data-row].at input[name=ticket]");
const filter = $("[data-filter-open]");

const keys = {
  x: () => here() && pick(here(), !here().checked, false),
  X: () => here() && pick(here(), true, true),
  a: () => every(picked().length < picks().length),
  c: () => { if (!picked().length) return false; bulk.requestSubmit($("[name=do][value=claim]", bulk)); return true; },
  b: () => { if (picked().length) $("[name=do][value=claim]", bulk).focus(); },
  f: () => { filter.parentElement.open = true; $(".filters select, .filters input:not([type=hidden])").focus(); },
  Escape: () => { every(false); return false; },
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || field || $("dialog[open]")) return;
  if (!keys[event.key] || keys[event.key]() === false) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// typed text with Enter is for its own button, not for the form's first
bulk.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input, select")) return;
  event.preventDefault();
  bulk.requestSubmit($("button", event.target.closest(".pair")));
});

// --- doing it ---------------------------------------------------------------------------------------------------

function told(sentence) {
  const line = document.createElement("p");
  line.className = "flash bad";
  line.textContent = sentence;
  verdicts.replaceChildren(line);
}

function settled(response, page) {
  const fresh = $("#bulk", page);
  if (new URL(response.url).pathname === "/desk/sign-in" || response.status === 403) { told(texts.signed_out); return; }
  if (!fresh) { told(texts.unsent); return; }
  const failed = new Set([...page.querySelectorAll("input[name=ticket][checked]")].map((each) => each.value));
  bulk.elements.once.value = fresh.elements.once.value;
  fold(page);
  verdicts.replaceChildren(...[...($("#verdicts", page)?.childNodes ?? [])].map((node) => document.importNode(node, true)));
  for (const each of picks()) each.checked = failed.has(each.value);
  count();
  if (failed.size) verdicts.focus();
}

bulk.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(bulk, event.submitter);
  const buttons = [...bulk.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    const response = await fetch(bulk.action, { method: "POST", body: new URLSearchParams(fields), headers: { "X-Live": "1" } });
    settled(response, new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    told(texts.unsent);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});

onFolded(count);
count();
