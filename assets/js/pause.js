// Holds changes back: while the reader paused the page, and changes of order while the pointer rests on the list. Says how
// many wait.
import { words } from "./words.js";

const held = new Map();
let isPausedByButton = false;
let isOrderHeld = false;
let release = () => {};

export const isPaused = () => isPausedByButton;

// "Steady under the pointer": nothing moves away from under a mouse that is about to click. One that lies still on the list
// for this long is not.
const still = 8_000;
let pointedAt = 0;

export function isListUnderPointer() {
  return Date.now() - pointedAt < still && matchMedia("(hover: hover)").matches && document.querySelector("#list:hover") !== null;
}

export function hold(id, html) {
  // In the order of what came last: what is let go later is newer.
  held.delete(id);
  held.set(id, html);
  show();
}

export function holdOrder() {
  isOrderHeld = true;
  show();
}

export function take() {
  const waiting = [...held.values()];
  const order = isOrderHeld;
  held.clear();
  isOrderHeld = false;
  show();
  return { waiting, order };
}

export function onRelease(callback) {
  release = callback;
}

function show() {
  // A task counts once, whether its row waits or a tick of it.
  const tasks = new Set([...held.keys()].map((id) => id.replace(/^task-/, "t")));
  const count = tasks.size + (isOrderHeld ? 1 : 0);
  const box = document.getElementById("waiting");
  if (!box) return;
  box.hidden = count === 0;
  const text = box.querySelector("[data-text]");
  if (text) text.textContent = `${words.waiting}: ${count}`;
}

function reflect() {
  const button = document.getElementById("pause");
  if (!button) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", String(isPausedByButton));
  for (const label of button.querySelectorAll("[data-when]")) label.hidden = label.dataset.when !== (isPausedByButton ? "paused" : "running");
}

export function start() {
  reflect();
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#pause")) {
      isPausedByButton = !isPausedByButton;
      reflect();
      if (!isPausedByButton) release();
    } else if (event.target.closest?.("#show-waiting")) {
      release({ evenUnderPointer: true });
    }
  });
  document.addEventListener("pointermove", () => { pointedAt = Date.now(); }, { passive: true });
  setInterval(() => { if (isOrderHeld && !isPausedByButton && !isListUnderPointer()) release(); }, 1000);
  document.addEventListener("pointerout", (event) => {
    if (isOrderHeld && !isPausedByButton && event.target.closest?.("#list") && !event.relatedTarget?.closest?.("#list")) release();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "main") return;
    held.clear();
    isOrderHeld = false;
    isPausedByButton = false;
    reflect();
  });
}
