// Tells the server whether this page is seen and used, and nothing more: "active" while keys or the pointer moved in the
// last minute, "idle" after five minutes without. A hidden page says nothing.
import { base } from "./words.js";

const every = 60_000;
const idleAfter = 300_000;
let usedAt = Date.now();
let saidAt = 0;
let said = "";

function say() {
  if (document.hidden || !document.querySelector(".nav")) return;
  const now = Date.now();
  const state = now - usedAt < idleAfter ? "active" : "idle";
  if (state === said && now - saidAt < every) return;
  // An active state is said only when it was earned since the last time.
  if (state === "active" && said === "active" && usedAt < saidAt) return;
  said = state;
  saidAt = now;
  fetch(`${base}/presence`, { method: "POST", body: new URLSearchParams({ state }), keepalive: true, redirect: "manual" }).catch(() => {});
}

export function start() {
  for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
    addEventListener(name, () => {
      const wasIdle = said !== "active";
      usedAt = Date.now();
      if (wasIdle) say();
    }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { usedAt = Date.now(); say(); } });
  setInterval(say, 15_000);
  say();
}
