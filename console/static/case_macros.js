// Macros: by `;` and part of a name in a reply, by the key m, or by the button. Filled by the server for this ticket.

const $ = (selector, within = document) => within.querySelector(selector);
const texts = JSON.parse(document.body.dataset.texts);
const area = $("#reply");
const list = $("#macro-list");
const TRIGGER = /(^|\s)([;；])([^\s;；]{0,40})$/u;
let known = null;
let offered = [];
let at = 0;

async function all() {
  known ??= fetch(`/desk/t/${document.body.dataset.number}/macros`, { headers: { "X-Live": "1" } })
    .then((response) => (response.ok && !response.redirected ? response.json() : []))
    .catch(() => { known = null; return []; });
  return known;
}

function typed() {
  const found = TRIGGER.exec(area.value.slice(0, area.selectionStart));
  return found && area.selectionStart === area.selectionEnd ? { from: area.selectionStart - found[3].length - 1, part: found[3].toLowerCase() } : null;
}

async function offer() {
  const asked = typed();
  if (!asked) { close(); return; }
  const macros = await all();
  const now = typed();
  if (!now) { close(); return; }
  offered = macros.filter((macro) => macro.name.toLowerCase().includes(now.part)).slice(0, 12);
  at = 0;
  if (!offered.length && now.part) { close(); return; }
  draw();
}

function draw() {
  list.replaceChildren(...offered.map((macro, place) => option(macro, place)));
  if (!offered.length) { const none = document.createElement("p"); none.className = "muted small"; none.textContent = texts.case_no_macro; list.append(none); }
  list.hidden = false;
  area.setAttribute("aria-expanded", "true");
  mark();
}

function option(macro, place) {
  const row = document.createElement("div");
  row.setAttribute("role", "option");
  row.id = `macro-${place}`;
  const [name, text] = [document.createElement("b"), document.createElement("small")];
  name.textContent = macro.name;
  text.textContent = macro.text.replace(/\s+/g, " ").slice(0, 120);
  row.append(name, text);
  row.addEventListener("pointerdown", (event) => { event.preventDefault(); at = place; take(); });
  return row;
}

function mark() {
  [...list.querySelectorAll("[role=option]")].forEach((row, place) => row.setAttribute("aria-selected", String(place === at)));
  if (offered.length) area.setAttribute("aria-activedescendant", `macro-${at}`);
  $("[aria-selected=true]", list)?.scrollIntoView({ block: "nearest" });
}

function close() {
  list.hidden = true;
  area.setAttribute("aria-expanded", "false");
  area.removeAttribute("aria-activedescendant");
}

function take() {
  const [macro, now] = [offered[at], typed()];
  if (!macro || !now) { close(); return; }
  put(macro, now.from, area.selectionStart);
}

function put(macro, from, to) {
  area.setRangeText(macro.text, from, to, "end");
  area.form.elements.macro.value = macro.id;
  const then = $(".macro-then", area.form);
  then.hidden = !macro.does;
  $("[data-does]", then).textContent = macro.does;
  close();
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

function start() {
  $("#tab-reply").checked = true;
  area.focus();
  const before = area.value.slice(0, area.selectionStart);
  area.setRangeText(before && !/\s$/.test(before) ? " ;" : ";", area.selectionStart, area.selectionEnd, "end");
  offer();
}

if (area) {
  for (const [name, value] of [["role", "combobox"], ["aria-controls", "macro-list"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) area.setAttribute(name, value);
  area.addEventListener("input", (event) => { if (!event.isComposing) offer(); });
  area.addEventListener("compositionend", offer);
  area.addEventListener("blur", close);
  area.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offered.length) { event.preventDefault(); at = (at + step + offered.length) % offered.length; mark(); return; }
    if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey && offered.length) || (event.key === "Tab" && offered.length)) { event.preventDefault(); event.stopPropagation(); take(); return; }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      const now = typed();
      if (now) area.setRangeText("", now.from, area.selectionStart, "end");
      close();
    }
  });
  area.form.addEventListener("reset", () => {
    for (const name of ["macro", "suggestion"]) area.form.elements[name].value = "";
    $(".macro-then", area.form).hidden = true;
  });
  $("[data-macros]").addEventListener("click", (event) => { event.preventDefault(); start(); });
  $("[data-macro-insert]").addEventListener("click", async (event) => {
    event.preventDefault();
    const macro = (await all()).find((one) => String(one.id) === $("#macro-pick").value);
    if (macro) put(macro, area.selectionStart, area.selectionEnd);
  });
}
