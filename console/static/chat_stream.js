// Server-sent events over fetch, as an EventSource can carry no header: a framed page names its visitor in one.
// A stream that stays silent for longer than the server's pings is taken for lost (a phone that slept).

const SILENCE = 45000;

export function follow(url, headers, { opened, heard, lost }) {
  const control = new AbortController();
  let silence = null;
  let closed = false;
  const end = (status) => { if (closed) return; close(); lost(status); };
  const alive = () => { clearTimeout(silence); silence = setTimeout(() => end(0), SILENCE); };
  function close() { closed = true; clearTimeout(silence); control.abort(); }

  async function read() {
    alive();
    const response = await fetch(url, { headers: { Accept: "text/event-stream", ...headers }, cache: "no-store", signal: control.signal });
    if (!response.ok) { end(response.status); return; }
    if (!closed) opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      alive();
      const blocks = (rest + part.value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) tell(block);
    }
    end(0);
  }

  function tell(block) {
    const fields = Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1).trim()]));
    if (!closed && fields.event) heard(fields.event, JSON.parse(fields.data || "{}"));
  }

  read().catch(() => end(0));
  return { close };
}
