// Whose page this is. Pages of one browser tell each other who is signed in, so that a page that was left behind goes on as
// soon as its own person is back, and sends nothing in the name of somebody else.
import { notice, noticed } from "./light.js";
import { base } from "./words.js";

// "USER-ORGANISATION" as the server wrote it; empty on a page for everybody.
export const ownerOf = (page) => page.querySelector("[data-owner]")?.dataset.owner ?? "";
export const owner = ownerOf(document);

let isOthers = false;
let back = () => {};

// Called when this page's own person is signed in again.
export function onBack(callback) {
  back = callback;
}

// Somebody else's answer came, or word of them. True when the page is theirs no more than ours.
export function meet(who) {
  if (!owner || !who) return false;
  isOthers = who !== owner;
  if (isOthers) notice("other");
  return isOthers;
}

export function isApart() {
  return isOthers;
}

// What the server answered to this page's own person, or refused to another.
export function hearState(state) {
  if (state === "live" || state === "delayed") isOthers = false;
  else if (state === "other") isOthers = true;
}

function hear({ data }) {
  if (typeof data !== "string" || !data || !owner) return;
  if (meet(data)) return;
  const was = noticed();
  if (was === "signed-out" || was === "other") notice("");
  if (was) back();
}

// What was written on this page would go out under another name.
function holdBack(event) {
  if (!isOthers || event.target.method === "dialog") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  document.getElementById("notice")?.scrollIntoView({ block: "nearest" });
}

// Elsewhere is theirs: it opens as a page of its own instead of inside of this one.
function openWhole(event) {
  if (!isOthers) return;
  event.preventDefault();
  const { elt } = event.detail;
  if (elt.tagName === "A") location.href = elt.href;
}

export function start() {
  document.addEventListener("submit", holdBack, true);
  document.addEventListener("htmx:beforeRequest", openWhole);
  if (!window.BroadcastChannel || !owner) return;
  const channel = new BroadcastChannel(`milepost-owner${base}`);
  channel.addEventListener("message", hear);
  channel.postMessage(owner);
}
