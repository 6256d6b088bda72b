// Keyboard: "/" searches, "?" shows the list, "g" and a letter goes. Letters are read by their place on the keyboard when
// the layout is not Latin. Can be switched off in the list itself.
const store = "milepost-keys";
let isGoing = 0;

function isOn() {
  try {
    return localStorage.getItem(store) !== "off";
  } catch {
    return true;
  }
}

function isTyping(target) {
  return target instanceof Element && (target.closest("input, textarea, select, [contenteditable]") !== null);
}

function letter(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key;
}

function isSlash(event) {
  return event.key === "/" || (event.code === "Slash" && event.key === ".");
}

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !isOn()) return;
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  if (event.key === "?") {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const pressed = letter(event);
  if (isGoing && Date.now() - isGoing < 1500) {
    isGoing = 0;
    const link = document.querySelector(`.nav a[data-key="${CSS.escape(pressed)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (isSlash(event)) {
    const field = document.querySelector("[data-search]");
    event.preventDefault();
    if (field) field.focus();
    else document.querySelector('.nav a[data-key="h"]')?.click();
  } else if (pressed === "g") {
    isGoing = Date.now();
  }
}

export function start() {
  const box = document.getElementById("keys-on");
  if (box) {
    box.checked = isOn();
    box.addEventListener("change", () => {
      try {
        localStorage.setItem(store, box.checked ? "on" : "off");
      } catch { /* private windows may refuse: the choice then lasts for this page */ }
    });
  }
  for (const button of document.querySelectorAll("[data-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => document.getElementById(button.dataset.open)?.showModal());
  }
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    const menu = document.getElementById("menu");
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
    for (const other of document.querySelectorAll(".row-menu[open]")) if (!other.contains(event.target)) other.open = false;
  });
  // What was chosen from a menu is on its way.
  document.addEventListener("submit", (event) => {
    const menu = event.target.closest(".row-menu");
    if (!menu) return;
    menu.querySelector("summary").focus();
    menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("menu");
    const open = menu?.open ? menu : document.querySelector(".row-menu[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}
