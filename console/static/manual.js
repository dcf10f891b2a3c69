// The manual's pages: a run that goes on is followed; what is typed is looked at, and not lost by leaving.

import { refresh } from "./live.js";

// the stream tells of a run at once, but not of one that ended before the stream was there
setInterval(() => { if (document.querySelector("[data-running]")) refresh().catch(() => {}); }, 2000);

const editor = document.querySelector("form.editor");
document.documentElement.classList.add("has-script");

if (editor) {
  const area = editor.querySelector("textarea");
  const sketch = editor.querySelector(".editor-sketch");
  const parser = new DOMParser();
  const first = area.value;
  let leaving = false;
  let soon = null;
  let asked = 0;

  async function look() {
    const turn = ++asked;
    const fields = new URLSearchParams(new FormData(editor));
    try {
      const response = await fetch(editor.dataset.check, { method: "POST", body: fields, headers: { "X-Live": "1" } });
      if (!response.ok || response.redirected || turn !== asked) return;
      const fresh = parser.parseFromString(await response.text(), "text/html").querySelector("#sketch");
      const at = sketch.scrollTop;
      if (fresh) sketch.replaceChildren(document.importNode(fresh, true));
      sketch.scrollTop = at;
    } catch { /* the next stroke asks again */ }
  }

  function go(line) {
    const before = area.value.split("\n").slice(0, line - 1);
    const start = before.reduce((sum, each) => sum + each.length + 1, 0);
    const end = area.value.indexOf("\n", start);
    area.focus();
    area.setSelectionRange(start, end < 0 ? area.value.length : end);
    area.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(area).lineHeight));
  }

  area.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(look, 350); });
  area.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); editor.requestSubmit(editor.querySelector(".btn.primary")); }
  });
  sketch.addEventListener("click", (event) => { const at = event.target.closest("[data-line]"); if (at) go(Number(at.dataset.line)); });
  editor.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => { if (!leaving && area.value !== first) event.preventDefault(); });
}
