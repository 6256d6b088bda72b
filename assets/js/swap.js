// Puts what arrived into the page without disturbing who is working in it: an element that holds focus or unsent text keeps
// its forms, only its [data-live] parts change; a list is reconciled by id; scroll stays where it is.
import { notice } from "./light.js";
import { base } from "./words.js";
import { fromWhereTheyStood, keepNewer, placePiece } from "./moving.js";

// Elements that differ from what arrived for them, because they were in use.
const owed = new Set();
let changed = () => {};

// Called with the id of what a live update changed, brought or took away.
export function onChange(callback) {
  changed = callback;
}

function isChanged(field) {
  if (field.type === "hidden" || field.type === "submit" || field.type === "button" || field.disabled) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") {
    const marked = [...field.options].findIndex((option) => option.defaultSelected);
    return field.multiple ? false : field.selectedIndex !== Math.max(marked, 0);
  }
  if (field.type === "range" && field.dataset.sync) return false;
  return field.value !== field.defaultValue;
}

// Text that was typed and not sent. Filters are no loss.
export function hasUnsent(root) {
  if (!root) return false;
  for (const field of root.querySelectorAll("input, textarea, select")) {
    if (field.dataset.filled || field.form?.method === "get" || field.form?.method === "dialog") continue;
    if (isChanged(field)) return true;
  }
  return false;
}

function isHeld(element) {
  const active = document.activeElement;
  return (active && active !== document.body && element.contains(active)) || hasUnsent(element);
}

// True once something that was left behind is in use no more: the page is to be asked for again.
export function isOwing() {
  let isDue = false;
  for (const id of owed) {
    const element = document.getElementById(id);
    if (element && isHeld(element)) continue;
    owed.delete(id);
    isDue = true;
  }
  return isDue;
}

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

function settled(element) {
  window.htmx?.process(element);
  element.dispatchEvent(new CustomEvent("milepost:swapped", { bubbles: true }));
}

// Opened folds stay open through a swap.
function keepOpen(before, after) {
  const open = before.querySelectorAll("details[open]");
  if (!open.length) return;
  const was = [...before.querySelectorAll("details")];
  const now = after.querySelectorAll("details");
  for (const fold of open) {
    const twin = now[was.indexOf(fold)];
    if (twin) twin.open = true;
  }
}

function exchange(before, after) {
  keepOpen(before, after);
  keepNewer(before, after);
  const moveBars = fromWhereTheyStood(before, after);
  const node = document.adoptNode(after);
  if (window.htmx) {
    htmx.swap(before, node.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
    moveBars();
    const placed = document.getElementById(node.id);
    placed?.dispatchEvent(new CustomEvent("milepost:swapped", { bubbles: true }));
    return placed;
  }
  before.replaceWith(node);
  moveBars();
  settled(node);
  return node;
}

// The focused button stays focused; its value follows.
function followValues(before, after) {
  const was = before.querySelectorAll("button");
  const now = after.querySelectorAll("button");
  if (was.length !== now.length) return;
  was.forEach((button, index) => {
    if (button.value !== now[index].value) button.value = now[index].value;
  });
}

function exchangeLiveParts(before, after) {
  for (const part of after.querySelectorAll("[data-live][id]")) {
    const present = document.getElementById(part.id);
    if (!present || !before.contains(present)) continue;
    if (isHeld(present)) followValues(present, part);
    else if (part.dataset.v) placePiece(part);
    else exchange(present, part);
  }
  for (const { name, value } of [...after.attributes]) {
    if (name.startsWith("data-") || name === "class") before.setAttribute(name, value);
  }
  for (const { name } of [...before.attributes]) {
    if (name.startsWith("data-") && name !== "data-hx-revealed" && !after.hasAttribute(name)) before.removeAttribute(name);
  }
}

function isOlder(before, after) {
  return Number(after.dataset.v ?? Infinity) < Number(before.dataset.v ?? 0);
}

// What an element says, without what scripts wrote into it since: its times and the mark of a new arrival.
function gist(element) {
  return element.outerHTML.replace(/<time[^>]*?datetime="([^"]*)"[^>]*>[^<]*/g, "$1").replace(/ class="([^"]*?) (?:arrived|htmx-\w+)"/g, ' class="$1"');
}

// Puts one element in place of the one of the same id, if the page has it. True when the page had it.
export function place(element, { force = false } = {}) {
  const present = document.getElementById(element.id);
  if (!present) return false;
  if (!force && isOlder(present, element)) return true;
  if (gist(present) === gist(element)) return true;
  if (!force) changed(element.id);
  if (!force && isHeld(present)) {
    owed.add(element.id);
    exchangeLiveParts(present, element);
  } else {
    exchange(present, element);
  }
  return true;
}

// What the reader looks at stays where it is while things come and go above it. The browser's own anchoring loses its hold
// when the very element it held on to is exchanged, and not every browser has one. Some of what is seen may move by itself,
// so most of it decides.
function steadily(work) {
  if (scrollY === 0) return work();
  const root = document.documentElement;
  root.style.overflowAnchor = "none";
  requestAnimationFrame(() => { root.style.overflowAnchor = ""; });
  const seen = [];
  for (const element of document.querySelectorAll("#list > [id]")) {
    const { top, bottom } = element.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight) seen.push([element.id, top]);
  }
  const result = work();
  const shifts = seen.flatMap(([id, top]) => {
    const now = document.getElementById(id);
    return now ? [now.getBoundingClientRect().top - top] : [];
  });
  shifts.sort((one, other) => one - other);
  if (shifts.length) scrollBy(0, shifts[shifts.length >> 1]);
  return result;
}

export function placeHtml(html) {
  const element = parse(html).body.firstElementChild;
  return Boolean(element?.id) && steadily(() => place(element));
}

function take(element) {
  if (isHeld(element)) {
    owed.add(element.id);
    return;
  }
  element.remove();
  changed(element.id);
}

export function remove(id) {
  const element = document.getElementById(id);
  if (element) steadily(() => take(element));
}

// Makes the children of `list` those of `wanted`, in their order, keyed by id. The element that holds the focus is never
// taken out of the page, because that would take the focus away: the others move around it.
function reconcile(list, wanted, force) {
  const keys = new Set([...wanted.children].map((child) => child.id));
  for (const child of [...list.children]) {
    if (!keys.has(child.id)) take(child);
  }
  const active = document.activeElement;
  let cursor = list.firstElementChild;
  for (const child of [...wanted.children]) {
    const present = child.id ? document.getElementById(child.id) : null;
    if (!present || !list.contains(present)) {
      const node = document.adoptNode(child);
      list.insertBefore(node, cursor);
      if (node.matches("article")) node.classList.add("arrived");
      settled(node);
      changed(node.id);
      continue;
    }
    if (present !== cursor) {
      if (present.contains(active)) {
        while (cursor && cursor !== present) {
          const next = cursor.nextElementSibling;
          list.append(cursor);
          cursor = next;
        }
      } else {
        list.insertBefore(present, cursor);
        cursor = present;
      }
    }
    const next = cursor.nextElementSibling;
    place(child, { force: child.id === force });
    cursor = next;
  }
}

function holdFocus(id) {
  const card = id ? document.getElementById(id) : null;
  const active = document.activeElement;
  if (!card?.contains(active)) return () => {};
  const all = [...card.querySelectorAll("a, button, input, select, textarea")];
  const index = all.indexOf(active);
  return () => {
    const now = document.getElementById(id)?.querySelectorAll("a, button, input, select, textarea");
    (now?.[index] ?? now?.[0])?.focus({ preventScroll: true });
  };
}

// Takes a whole page and brings the present one up to it: every [data-part] by id, the lists by key.
export function applyPage(page, options = {}) {
  return steadily(() => bringUp(page, options));
}

function bringUp(page, { force = "" }) {
  const main = page.getElementById("main");
  const present = document.getElementById("main");
  if (!main || !present || main.dataset.view !== present.dataset.view) return false;
  const giveBack = holdFocus(force);
  for (const part of main.querySelectorAll("[data-part][id]")) {
    const old = document.getElementById(part.id);
    if (!old) continue;
    if (part.dataset.part === "list") reconcile(old, part, force);
    else place(part, { force: part.id === force });
  }
  giveBack();
  const flash = page.getElementById("flash");
  if (force && flash) exchange(document.getElementById("flash"), flash);
  return main;
}

// The page became another one, a refusal for instance: takes its content, unless somebody works in it.
export function replaceMain(page) {
  const present = document.getElementById("main");
  const main = page.getElementById("main");
  if (!present || !main) return false;
  if (hasUnsent(present) || (document.activeElement !== present && present.contains(document.activeElement))) {
    owed.add("main");
    return false;
  }
  document.title = page.title;
  const hadFocus = document.activeElement === present;
  present.replaceWith(document.adoptNode(main));
  settled(main);
  if (hadFocus) main.focus({ preventScroll: true });
  return true;
}

const signIn = `${base}/sign-in`;

// A form inside a card answers with the whole page: only the card and the list around it change, so that what is half typed
// in other cards stays.
function beforeSwap(event) {
  const { xhr, requestConfig } = event.detail;
  const path = new URL(xhr.responseURL || location.href, location.href).pathname;
  const form = requestConfig?.elt;
  if ((path === signIn || xhr.status === 401) && form?.tagName === "FORM" && requestConfig.verb === "post" && location.pathname !== signIn) {
    event.detail.shouldSwap = false;
    notice("signed-out");
    return;
  }
  const card = form?.closest?.("[data-card]");
  if (!card || xhr.status >= 300 || path !== location.pathname) return;
  if (applyPage(parse(xhr.responseText), { force: card.id })) event.detail.shouldSwap = false;
}

function markPresentPage() {
  for (const link of document.querySelectorAll(".nav a")) {
    const path = new URL(link.href).pathname;
    // A job's address is a task's, its place is among the jobs.
    const here = document.getElementById("main")?.dataset.nav ?? location.pathname;
    if (`${here}/`.startsWith(`${path}/`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

export function start() {
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterSettle", (event) => {
    markPresentPage();
    // After going elsewhere the focus is on nothing: the new page's beginning is the next thing to read.
    if (event.detail.target?.id === "main" && document.activeElement === document.body) {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  });
}
