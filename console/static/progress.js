// A client's own page: times in the reader's zone, changes as they happen, printing. All is there without it too.

import { listen, onFolded, refresh } from "./live.js";

const body = document.body;
const texts = JSON.parse(body.dataset.texts || "{}");
const language = document.documentElement.lang;
const skew = body.dataset.now ? new Date(body.dataset.now) - new Date() : 0;

// --- times ----------------------------------------------------------------------------------------------------

const locale = language === "en" ? "en-GB" : language;
const format = (options) => new Intl.DateTimeFormat(locale, { hour12: false, ...options });
const clock = format({ hour: "2-digit", minute: "2-digit" });
const date = format({ weekday: "short", month: "short", day: "numeric" });
const dated = format({ year: "numeric", month: "short", day: "numeric" });
const full = format({ year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

const midnight = (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate());
const apart = (at, now) => Math.round((midnight(at) - midnight(now)) / 86400000);

function words(at) {
  const now = new Date(Date.now() + skew);
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[apart(at, now)];
  if (near) return texts[near].replace("{time}", clock.format(at));
  return `${(at.getFullYear() === now.getFullYear() ? date : dated).format(at)} ${clock.format(at)}`;
}

function tell() {
  for (const node of document.querySelectorAll("time[data-when]")) {
    const at = new Date(node.dateTime);
    const said = words(at);
    if (node.textContent !== said) { node.textContent = said; node.title = full.format(at); }
  }
  for (const node of document.querySelectorAll("[data-zone]")) node.textContent = full.resolvedOptions().timeZone;
}
tell();
setInterval(tell, 60000);
onFolded(tell);

// --- live -----------------------------------------------------------------------------------------------------

const again = () => refresh().then((good) => { if (!good) location.reload(); }).catch(() => {});
let losing = null;
if (body.dataset.events) {
  listen(body.dataset.events, {
    changed(all) { if (all.some((news) => news?.ended)) location.reload(); else again(); },
    lost(down) {
      clearTimeout(losing);
      if (!down) document.querySelector("#offline").hidden = true;
      else losing = setTimeout(() => { document.querySelector("#offline").hidden = false; }, 3000);
    },
  });
}

// --- print ----------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-print]")) { button.hidden = false; button.addEventListener("click", () => print()); }
