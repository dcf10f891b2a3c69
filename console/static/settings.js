// Times in the reader's zone on pages outside the desk's frame.
const shape = new Intl.DateTimeFormat(document.documentElement.lang, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
for (const node of document.querySelectorAll("time[data-show]")) node.textContent = shape.format(new Date(node.dateTime));
