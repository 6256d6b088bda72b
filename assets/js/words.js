// The few words that scripts say, written by the server into #words in the reader's language.
export const words = document.getElementById("words")?.dataset ?? {};
export const language = document.documentElement.lang || "en";

// The path under which the program lies, without a slash at its end: scripts are served three folders below it.
export const base = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");

const announcer = () => document.getElementById("announcer");

// Says a sentence to those who listen rather than look, without moving anything.
export function announce(sentence) {
  const place = announcer();
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = sentence; });
}

// Shows one sentence of #notice, or none.
export function notice(name) {
  const box = document.getElementById("notice");
  if (!box) return;
  for (const part of box.querySelectorAll("[data-notice]")) part.hidden = part.dataset.notice !== name;
  box.hidden = !name;
  if (name === "signed-out") {
    const link = box.querySelector("a");
    if (link) link.href = `${base}/sign-in?next=` + encodeURIComponent(location.pathname + location.search);
  }
}
