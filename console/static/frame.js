// What every page of the desk has: going places by keys, the search box, the tab's badge, a tone for what presses.
// Loaded before desk.js: a key that is part of "g …" is not its own.

import { onFolded } from "./live.js";

const $ = (selector, within = document) => within.querySelector(selector);
const typing = (event) => event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// --- keys -----------------------------------------------------------------------------------------------------

const PAUSE = 1500;
let going = 0;

function search() {
  const box = [...document.querySelectorAll("#q, #find")].find((each) => each.offsetParent);
  if (box) { box.focus(); box.select(); } else location.assign("/desk/search");
}

function taken(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing(event) || $("dialog[open]")) return false;
  const followed = going && Date.now() - going < PAUSE;
  going = 0;
  if (followed) {
    const link = $(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) location.assign(link.href);
    return event.key.length === 1;
  }
  if (event.key === "g") { going = Date.now(); return true; }
  if (event.key === "/") { search(); return true; }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (!taken(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// --- the tab --------------------------------------------------------------------------------------------------

function badge() {
  const icon = $("link[rel=icon]");
  const wanted = /^\(\d/.test(document.title) ? icon.dataset.badge : icon.dataset.plain;
  if (wanted && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}
badge();
onFolded(badge);

// --- the tone -------------------------------------------------------------------------------------------------

const KEPT = "desk:sound";
const wanted = () => localStorage.getItem(KEPT) === "on";

function tone() {
  if (!("AudioContext" in window)) return;
  const sound = new AudioContext();
  const [from, volume, voice] = [sound.currentTime, sound.createGain(), sound.createOscillator()];
  voice.frequency.setValueAtTime(660, from);
  voice.frequency.setValueAtTime(880, from + 0.12);
  volume.gain.setValueAtTime(0.0001, from);
  volume.gain.exponentialRampToValueAtTime(0.12, from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.4);
  voice.connect(volume).connect(sound.destination);
  voice.onended = () => sound.close();
  voice.start();
  voice.stop(from + 0.42);
}

function offer() {
  const button = $("[data-sound]");
  if (!button) return;
  button.hidden = !("AudioContext" in window);
  button.setAttribute("aria-pressed", String(wanted()));
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-sound]")) return;
  localStorage.setItem(KEPT, wanted() ? "off" : "on");
  if (wanted()) tone();
  offer();
});
addEventListener("storage", offer);
document.addEventListener("desk:pressing", () => { if (wanted()) tone(); });
offer();
onFolded(offer);
