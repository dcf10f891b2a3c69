// How did it go? Five buttons with words, then a line of one's own; it can be changed while the server says so.

const drafts = new Map(); // by ticket: what is typed survives a redrawing
const WORDS = ["rate_1", "rate_2", "rate_3", "rate_4", "rate_5"];

export const ratingKey = (rating) => `rating:${rating.ticket}:${rating.value}:${rating.comment}`;

export function ratingCard(rating, { make, say, send }) {
  const name = `rate-${rating.ticket}`;
  const choice = (value) => make("button", {
    type: "button", class: "rate", "aria-pressed": String(rating.value === value), "aria-label": `${value} · ${say(WORDS[value - 1])}`,
    onclick: () => send({ ticket: rating.ticket, value }),
  }, make("b", {}, String(value)), make("span", {}, say(WORDS[value - 1])));
  const card = make("section", { class: "rating", "aria-labelledby": name, "data-by": "rating" },
    make("h2", { id: name }, say(rating.value ? "rate_thanks" : "rate_ask"), " ", make("span", { class: "chip" }, rating.ticket)),
    make("div", { class: "rates", role: "group", "aria-labelledby": name }, ...[1, 2, 3, 4, 5].map(choice)));
  if (rating.value) card.append(comment(rating, { make, say, send }));
  return card;
}

function comment(rating, { make, say, send }) {
  const box = make("textarea", { rows: "2", maxlength: "2000", class: "input", dir: "auto", "aria-label": say("rate_comment"), placeholder: say("rate_comment") });
  box.value = drafts.get(rating.ticket) ?? rating.comment;
  box.addEventListener("input", () => drafts.set(rating.ticket, box.value));
  const form = make("form", { class: "rate-comment" }, box, make("button", { class: "btn" }, say(rating.comment ? "rate_change" : "rate_send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    drafts.delete(rating.ticket);
    send({ ticket: rating.ticket, value: rating.value, comment: box.value });
  });
  return form;
}
