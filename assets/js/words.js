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
