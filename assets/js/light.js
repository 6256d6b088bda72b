// Shows how the connection stands: the light with its word, the notice where the reader has to know or do something, and
// one sentence for those who listen.
import { announce } from "./words.js";

// What the light shows for what the line says, where the two differ.
const lights = { portal: "offline", other: "apart", gone: "apart" };
const notices = ["signed-out", "other", "gone", "portal"];
// Said aloud when it lasts; a short cut is not worth a word.
const worthSaying = ["delayed", "offline"];
const lasting = 3_000;

let said = "live";
let sayTimer = 0;

// Shows one sentence of #notice, or none.
export function notice(name) {
  const box = document.getElementById("notice");
  if (!box || (box.dataset.shows ?? "") === name) return;
  box.dataset.shows = name;
  for (const part of box.querySelectorAll("[data-notice]")) part.hidden = part.dataset.notice !== name;
  box.hidden = !name;
  for (const link of box.querySelectorAll("a[data-back]")) {
    const address = new URL(link.href);
    if (link.dataset.back === "next") address.searchParams.set("next", location.pathname + location.search);
    link.href = link.dataset.back === "here" ? location.href : address.href;
  }
}

export const noticed = () => document.getElementById("notice")?.dataset.shows ?? "";

function say(state) {
  clearTimeout(sayTimer);
  const isNews = worthSaying.includes(state) || (state === "live" && said !== "live");
  if (!isNews || state === said) return;
  sayTimer = setTimeout(() => {
    said = state;
    announce(document.querySelector(`#light [data-word="${state}"]`)?.textContent ?? "");
  }, lasting);
}

// Another page: what was said about the one before says nothing about it, unless it is about the person.
export function forget() {
  if (noticed() === "gone" || noticed() === "portal") notice("");
}

// `state` is one of line.js's.
export function show(state) {
  const isTrying = state === "connecting" || state === "reconnecting";
  // What the notice says holds until an answer says otherwise.
  if (isTrying && noticed()) return;
  if (notices.includes(state)) notice(state);
  else if (state === "live" || state === "delayed") notice("");
  const shown = lights[state] ?? state;
  const element = document.getElementById("light");
  if (element && element.dataset.state !== shown) element.dataset.state = shown;
  say(shown);
}

// The light is there where there is a stream.
export function place(hasStream) {
  const element = document.getElementById("light");
  if (element) element.hidden = !hasStream;
}
