// Keeps the page's stream: opens it at the cursor the page was read at, resumes from the last event after any cut, lets go
// while the page is hidden, notices sleep, and shows the truth in the connection light.
import { announce, notice, words } from "./words.js";
import { markUpdated } from "./time.js";
import { events } from "./sse.js";
import * as swap from "./swap.js";
import * as pause from "./pause.js";

const silence = 40_000; // two pings and a half
const longest = 30_000;
const between = 1_000; // at most one fetch of the page a second
const softly = 5_000; // where only the order may have changed

let stream = "";
let cursor = "";
let abort = null;
let run = 0;
let tries = 0;
let leastWait = 0;
let heardAt = 0;
let retryTimer = 0;
let bellTimer = 0;
let bellAt = 0;
let bellDue = 0;
let isAsking = false;
let wasCut = false;
const changed = new Set();

function light(state) {
  const element = document.getElementById("light");
  if (!element) return;
  element.hidden = !stream;
  if (element.dataset.state !== state) element.dataset.state = state;
}

function close() {
  run += 1;
  clearTimeout(retryTimer);
  abort?.abort();
  abort = null;
}

function retry(state) {
  close();
  light(navigator.onLine === false ? "offline" : state);
  const most = Math.min(longest, 1000 * 2 ** tries);
  tries += 1;
  // Full jitter, so that a thousand pages do not come back in the same second.
  retryTimer = setTimeout(open, Math.max(leastWait, Math.random() * most));
  leastWait = 0;
}

async function open() {
  if (!stream) return;
  if (document.hidden) {
    wasCut = true; // Opened in the background: what leaves no entry was missed as after a cut.
    return;
  }
  close();
  const mine = run;
  abort = new AbortController();
  heardAt = Date.now();
  light(tries ? "reconnecting" : "connecting");
  const url = new URL(stream, location.href);
  if (cursor) url.searchParams.set("after", cursor);
  try {
    const answer = await fetch(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", redirect: "manual", signal: abort.signal });
    if (mine !== run) return;
    if (!isStream(answer)) return;
    await listen(answer.body, mine);
  } catch {
    // A cut, a closed laptop, a server on its way: all are answered by trying again.
  }
  if (mine === run) retry(tries > 3 ? "offline" : "reconnecting");
}

function isStream(answer) {
  if (answer.type === "opaqueredirect" || answer.status === 401) {
    close();
    light("signed-out");
    notice("signed-out");
    return false;
  }
  if (answer.status === 403 || answer.status === 404) {
    close();
    light("offline");
    return false;
  }
  if (!answer.ok) {
    leastWait = Math.min(longest, 1000 * Number(answer.headers.get("Retry-After") || 0)) || 0;
    retry(tries > 3 ? "offline" : "reconnecting");
    return false;
  }
  if (!(answer.headers.get("Content-Type") || "").startsWith("text/event-stream")) {
    notice("portal");
    retry("offline");
    return false;
  }
  notice("");
  return true;
}

async function listen(body, mine) {
  for await (const event of events(body)) {
    if (mine !== run) return;
    heardAt = Date.now();
    if (event.retry !== undefined) leastWait = Math.random() * event.retry;
    try {
      handle(event);
    } catch (error) {
      console.error(error);
      ring();
    }
    if (event.id) remember(event.id);
  }
}

function remember(id) {
  cursor = id;
  const main = document.getElementById("main");
  if (main?.dataset.stream) main.dataset.cursor = id;
}

const data = (event) => { try { return JSON.parse(event.data); } catch { return {}; } };

function handle(event) {
  switch (event.type) {
    case "hello":
      tries = 0;
      light("live");
      markUpdated();
      // Back after a cut: presence and the passing of time leave no entry to replay.
      if (wasCut) ring();
      wasCut = true;
      break;
    case "ping":
      markUpdated();
      break;
    case "task":
      receive(event.data);
      break;
    case "list":
      ring({ soft: data(event).soft });
      break;
    case "gone":
      swap.remove(`task-${data(event).id}`);
      break;
    case "presence":
      showPresence(data(event));
      break;
    case "reset":
      ring({ now: true });
      break;
    case "end":
      if (data(event).reason === "signed-out") leastWait = 0;
      break;
  }
}

function receive(html) {
  const id = /id="(task-\d+)"/.exec(html)?.[1] ?? html.length;
  if (pause.isPaused()) {
    pause.hold(id, html);
    return;
  }
  if (swap.placeHtml(html)) noteChange(id);
  markUpdated();
}

function showPresence({ user, state }) {
  for (const element of document.querySelectorAll(`[data-presence-user="${Number(user)}"]`)) {
    element.dataset.presence = state;
    const word = element.querySelector("small");
    if (word) word.textContent = words[state] ?? state;
  }
}

// In bulk and politely: one sentence each ten seconds at most.
let sayTimer = 0;
function noteChange(id) {
  changed.add(id);
  if (sayTimer) return;
  sayTimer = setTimeout(() => {
    announce(`${words.changed}: ${changed.size}`);
    changed.clear();
    sayTimer = 0;
  }, 10_000);
}

// The doorbell: what belongs to the list or its order changed, so the page is asked for again.
function ring({ now = false, soft = false } = {}) {
  if (pause.isPaused() || (!now && pause.isListUnderPointer())) {
    pause.holdOrder();
    return;
  }
  const wait = now ? 0 : Math.max(0, bellAt + (soft ? softly : between) - Date.now()) + Math.random() * 150;
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
  const asked = location.href;
  try {
    const answer = await fetch(asked, { headers: { "X-Milepost-Part": "list" }, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      notice("signed-out");
    } else if (answer.ok && location.href === asked) {
      const main = swap.applyPage(await answer.text());
      if (main) turnAt(main.dataset.turns);
      markUpdated();
    }
  } catch (error) {
    // A fetch fails with a TypeError, and the stream says when the line is back; anything else is ours to mend.
    if (!(error instanceof TypeError && /fetch|network|load/i.test(error.message))) console.error(error);
    setTimeout(ring, 2000);
  }
  isAsking = false;
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
  for (const html of waiting) receive(html);
  if (order) ring({ now: Boolean(options.evenUnderPointer) });
}

// Sleep: the clock jumped over several of our ticks, so the line is surely dead, though nobody told us.
let tickedAt = Date.now();
function watch() {
  const now = Date.now();
  const slept = now - tickedAt > 20_000;
  tickedAt = now;
  if (document.hidden || !stream || !abort) return;
  if (slept || now - heardAt > silence) {
    tries = 0;
    open();
  }
}

// A new page came into #main: its stream, its cursor.
function follow() {
  const main = document.getElementById("main");
  const wanted = main?.dataset.stream ?? "";
  const place = main?.dataset.cursor ?? "";
  if (wanted === stream && place === cursor) return;
  stream = wanted;
  cursor = place;
  wasCut = false;
  tries = 0;
  close();
  turnAt(main?.dataset.turns);
  light("connecting");
  open();
}

function wake() {
  if (document.hidden) {
    close();
  } else {
    tries = 0;
    open();
  }
}

export function start() {
  if (!window.TextDecoderStream) return;
  pause.onRelease(letGo);
  follow();
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  addEventListener("offline", () => { close(); light("offline"); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  setInterval(watch, 5000);
}
