// What the stream's events mean to the page: a fragment goes in the place of one it has, a doorbell makes the page ask for
// its list again, and what cannot be replayed is asked for after every cut.
import { announce, words } from "./words.js";
import { markUpdated } from "./time.js";
import { placeTick } from "./moving.js";
import { Line } from "./line.js";
import * as light from "./light.js";
import * as owner from "./owner.js";
import * as swap from "./swap.js";
import * as pause from "./pause.js";

const between = 1_000; // at most one fetch of the page a second
const softly = 5_000; // where only the order may have changed
const longest = 30_000;
const askWithin = 20_000;

let line = null;
let wasCut = false;
let isDelayed = false;

function tell(state) {
  isDelayed = state === "delayed";
  owner.hearState(state);
  // What leaves no entry may have happened meanwhile.
  if (state !== "connecting" && state !== "live") wasCut = true;
  // Whether the page is still there for this person, and what it became, the page itself says best.
  if (state === "gone") ring();
  else light.show(state);
}

function receiveEvent(event) {
  try {
    handle(event);
  } catch (error) {
    console.error(error);
    ring();
  }
  const main = document.getElementById("main");
  if (event.id && main?.dataset.stream) main.dataset.cursor = event.id;
}

const data = (event) => { try { return JSON.parse(event.data); } catch { return {}; } };

function handle(event) {
  switch (event.type) {
    case "hello":
      markUpdated();
      // Back after a cut: presence and the passing of time leave no entry to replay. Each poll is such a return.
      if (wasCut) ring({ soft: isDelayed });
      wasCut = true;
      break;
    case "ping":
      markUpdated();
      payDebts();
      break;
    case "task":
      receive(event.data);
      break;
    case "tick":
      tick(event.data);
      break;
    case "list":
      ring({ soft: data(event).soft });
      break;
    case "bell":
      showCount(swap.parse(event.data));
      break;
    case "gone":
      leave(data(event).id);
      break;
    case "presence":
      showPresence(data(event));
      break;
    case "reset":
      ring({ now: true });
      break;
  }
}

function receive(html) {
  const id = /id="(task-\d+)"/.exec(html)?.[1] ?? html.length;
  if (pause.isPaused()) {
    pause.hold(id, html);
    return;
  }
  swap.placeHtml(html);
  markUpdated();
}

function tick(html) {
  if (pause.isPaused()) pause.hold(/id="(t\d+)-/.exec(html)?.[1] ?? html.length, html);
  else if (placeTick(html)) markUpdated();
}

function showPresence({ user, state }) {
  for (const element of document.querySelectorAll(`[data-presence-user="${Number(user)}"]`)) {
    element.dataset.presence = state;
    const word = element.querySelector("small");
    if (word) word.textContent = words[state] ?? state;
  }
}

// How many notifications are unread, beside the bell.
function showCount(page) {
  const arrived = page.getElementById("bell-count");
  const present = document.getElementById("bell-count");
  if (!arrived || !present || arrived.textContent === present.textContent) return;
  present.replaceWith(document.adoptNode(arrived));
  const said = document.querySelector("#bell-count .visually-hidden");
  if (said) announce(said.textContent);
}

// On the task's own page there is nothing left to stand on: it is asked for anew, and says so itself.
function leave(id) {
  if (document.getElementById("main")?.dataset.view === "task") ring({ now: true });
  else swap.remove(`task-${id}`);
}

// What changed beneath the reader's hands was left as it was. Once they let go, the page catches up.
function payDebts() {
  if (swap.isOwing()) ring();
}

// In bulk and politely: one sentence each ten seconds at most.
const changed = new Set();
let sayTimer = 0;
function noteChange(id) {
  if (!id.startsWith("task-")) return;
  changed.add(id);
  if (sayTimer) return;
  sayTimer = setTimeout(() => {
    announce(`${words.changed}: ${changed.size}`);
    changed.clear();
    sayTimer = 0;
  }, 10_000);
}

// The doorbell: what belongs to the list or its order changed, so the page is asked for again.
let bellTimer = 0;
let bellAt = 0;
let bellDue = 0;
let isAsking = false;
let failures = 0;

function ring({ now = false, soft = false, least = 0 } = {}) {
  if (pause.isPaused() || (!now && pause.isListUnderPointer())) {
    pause.holdOrder();
    return;
  }
  const pace = now ? 0 : Math.max(0, bellAt + (soft ? softly : between) - Date.now()) + Math.random() * 150;
  const wait = Math.max(pace, least);
  if (bellTimer && bellDue <= Date.now() + wait) return;
  clearTimeout(bellTimer);
  bellDue = Date.now() + wait;
  bellTimer = setTimeout(ask, wait);
}

async function ask() {
  bellTimer = 0;
  if (isAsking) {
    ring();
    return;
  }
  isAsking = true;
  bellAt = Date.now();
  const isDone = await bringUp(location.href);
  isAsking = false;
  failures = isDone ? 0 : failures + 1;
  // Nothing that rang is forgotten. A hidden page asks when it is seen again.
  if (!isDone && !document.hidden) ring({ least: Math.random() * Math.min(longest, 1000 * 2 ** failures) });
}

// Asks for the page at `address` and brings the present one up to it. False when it could not be had.
async function bringUp(address) {
  const abort = new AbortController();
  const tooLate = setTimeout(() => abort.abort(), askWithin);
  try {
    const answer = await fetch(address, { headers: { "X-Milepost-Part": "list" }, cache: "no-store", redirect: "manual", signal: abort.signal });
    if (answer.status === 401) {
      light.show("signed-out");
      return true; // The line goes on asking, and its next hello rings.
    }
    const isGone = answer.status === 403 || answer.status === 404;
    if (!answer.ok && !isGone) return false;
    const page = swap.parse(await answer.text());
    if (location.href !== address) return true;
    return isOurs(page) ? bringUpTo(page, isGone) : owner.isApart();
  } catch (error) {
    // A fetch fails with a TypeError or is aborted, and the line says when the server is back; the rest is ours to mend.
    if (!(error instanceof TypeError && /fetch|network|load/i.test(error.message)) && error.name !== "AbortError") console.error(error);
    return false;
  } finally {
    clearTimeout(tooLate);
  }
}

// Not a portal's page, and not written for somebody else who signed in here.
function isOurs(page) {
  const who = owner.ownerOf(page);
  if (owner.meet(who)) light.show("other");
  return who !== "" && who === owner.owner;
}

function bringUpTo(page, isGone) {
  if (isGone) {
    light.show("gone");
    if (swap.replaceMain(page)) follow();
    return true;
  }
  const main = swap.applyPage(page);
  showCount(page);
  if (main) turnAt(main.dataset.turns);
  markUpdated();
  return true;
}

// Nothing is sent for the passing of time: the page says when the next of its tasks becomes overdue.
let turnTimer = 0;
function turnAt(moment) {
  clearTimeout(turnTimer);
  const wait = Date.parse(moment ?? "") - Date.now();
  // Once a day at least: a timer holds no more than three weeks.
  if (wait > 0) turnTimer = setTimeout(ring, Math.min(wait + 1000, 86_400_000));
}

function letGo(options = {}) {
  const { waiting, order } = pause.take();
  for (const html of waiting) (html.includes('id="task-') ? receive : tick)(html);
  if (order) ring({ now: Boolean(options.evenUnderPointer) });
}

// A new page came into #main: its stream, its cursor.
function follow() {
  const main = document.getElementById("main");
  const wanted = main?.dataset.stream ?? "";
  const address = wanted && addressWithOwner(wanted);
  const cursor = main?.dataset.cursor ?? "";
  if (line.isAt(address, cursor)) return;
  wasCut = false;
  light.place(Boolean(address));
  light.forget();
  turnAt(main?.dataset.turns);
  line.follow(address, cursor);
  wake();
}

// The server refuses the stream to anybody but whom this page was written for.
function addressWithOwner(stream) {
  const address = new URL(stream, location.href);
  if (owner.owner) address.searchParams.set("for", owner.owner);
  return address.href;
}

function wake() {
  if (!document.hidden) {
    line.open();
    return;
  }
  line.close();
  // Opened in the background, or left there: what leaves no entry was missed.
  wasCut = true;
}

export function start() {
  if (!window.TextDecoderStream) return;
  line = new Line({ state: tell, event: receiveEvent });
  pause.onRelease(letGo);
  owner.onBack(wake);
  swap.onChange(noteChange);
  follow();
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("visibilitychange", wake);
  document.addEventListener("focusout", () => setTimeout(payDebts));
  addEventListener("online", wake);
  addEventListener("offline", wake);
  addEventListener("pagehide", () => line.close());
  addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
}
