// Small help for forms: slider and number in step, the zone filled in, filters that apply themselves, links that copy, a
// guard against sending twice and against leaving with unsent text.
import { announce, words } from "./words.js";
import { hasUnsent } from "./swap.js";

function prepare(root) {
  for (const slider of root.querySelectorAll("input[type=range][data-sync][hidden]")) slider.hidden = false;
  for (const field of root.querySelectorAll("[data-zone-field]")) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || field.dataset.filled) continue;
    field.dataset.filled = "yes";
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === zone)) continue;
    field.value = zone;
  }
}

function keepInStep(event) {
  const field = event.target;
  const name = field.dataset?.sync;
  if (!name || !field.form) return;
  for (const other of field.form.querySelectorAll(`[data-sync="${CSS.escape(name)}"]`)) {
    if (other !== field) other.value = field.value;
  }
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  if (!field) return;
  const text = field.value ?? field.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard interface is missing on plain HTTP: select, so that one key press copies.
    field.focus();
    field.select?.();
    if (!document.execCommand?.("copy")) return;
  }
  announce(words.copied);
  const label = button.textContent;
  button.textContent = words.copied;
  setTimeout(() => { button.textContent = label; }, 2000);
}

function guardTwice(event) {
  const form = event.target;
  if (form.method === "dialog" || form.method === "get") return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // After the other listeners, one of which may have refused the submission.
  queueMicrotask(() => { if (!event.defaultPrevented || window.htmx) form.setAttribute("aria-busy", "true"); });
  setTimeout(() => form.removeAttribute("aria-busy"), 8000);
}

function release(event) {
  const form = event.detail?.elt?.closest?.("form");
  form?.removeAttribute("aria-busy");
}

function isLeaving(event) {
  const element = event.detail.elt;
  if (element.tagName !== "A" || !hasUnsent(document.getElementById("main"))) return;
  if (!confirm(words.leave)) event.preventDefault();
}

// An address of filters holds only those that say something.
function leaveOutEmpty(event) {
  const { verb, parameters, elt } = event.detail;
  if (verb !== "get" || elt.tagName !== "FORM") return;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
}

export function start() {
  prepare(document);
  for (const name of ["htmx:afterSwap", "milepost:swapped"]) document.addEventListener(name, (event) => prepare(event.target.querySelectorAll ? event.target : document));
  document.addEventListener("input", keepInStep);
  document.addEventListener("change", (event) => { if (event.target.form?.matches("[data-auto]") && event.target.tagName !== "INPUT") event.target.form.requestSubmit(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("submit", guardTwice, true);
  document.addEventListener("htmx:afterRequest", release);
  document.addEventListener("htmx:beforeRequest", isLeaving);
  document.addEventListener("htmx:configRequest", leaveOutEmpty);
  document.addEventListener("htmx:sendError", () => announce(words.failed));
  addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy"); });
  let isSending = false;
  document.addEventListener("submit", () => { isSending = true; setTimeout(() => { isSending = false; }, 3000); });
  addEventListener("beforeunload", (event) => {
    if (!isSending && hasUnsent(document.getElementById("main"))) event.preventDefault();
  });
}
