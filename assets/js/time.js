// Writes each <time data-format> in the reader's zone and language, and keeps the relative ones true.
import { language } from "./words.js";

// Day before month, as the server writes it.
const written = language === "en" ? "en-GB" : language;
const zone = validZone(document.documentElement.dataset.zone);
const formats = {
  date: new Intl.DateTimeFormat(written, { dateStyle: "medium", timeZone: zone }),
  day: new Intl.DateTimeFormat(written, { dateStyle: "medium", timeZone: "UTC" }),
  datetime: new Intl.DateTimeFormat(written, { dateStyle: "medium", timeStyle: "short", timeZone: zone }),
  // Where room is short, this year goes without saying.
  shortDay: new Intl.DateTimeFormat(written, { day: "numeric", month: "short", timeZone: "UTC" }),
  shortTime: new Intl.DateTimeFormat(written, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone }),
};
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: language === "en" ? "narrow" : "long" });
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function validZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name || undefined;
  } catch {
    return undefined;
  }
}

export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? units.at(-1);
  return relative.format(-Math.trunc(seconds / length), unit);
}

// "40m": how long ago in the fewest letters, where five stand side by side.
function age(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? units.at(-1);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.trunc(seconds / length));
}

// "3–5 min": how long it still takes, as the range that it is. What should be over by now takes a moment.
function remaining(earliest, latest) {
  const [least, most] = [earliest, latest].map((moment) => Math.max(1, Math.round((moment - Date.now()) / 1000)));
  const [unit, length] = units.find(([, length]) => most >= length * 1.5) ?? units.at(-1);
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" });
  const [from, to] = [Math.max(1, Math.round(least / length)), Math.max(1, Math.round(most / length))];
  return from === to || !format.formatRange ? format.format(to) : format.formatRange(from, to);
}

function write(element) {
  const value = element.dateTime;
  const moment = Date.parse(value);
  if (Number.isNaN(moment)) return;
  if (element.dataset.format === "eta") {
    const earliest = Date.parse(element.dataset.earliest);
    const text = remaining(Number.isNaN(earliest) ? moment : earliest, moment);
    if (!element.title) element.title = formats.datetime.format(moment);
    if (element.textContent !== text) element.textContent = text;
    return;
  }
  const isDay = value.length === 10;
  const isShort = element.closest(".due") && new Date(moment).getFullYear() === new Date().getFullYear();
  const full = isDay ? (isShort ? formats.shortDay : formats.day).format(moment) : (isShort ? formats.shortTime : formats.datetime).format(moment);
  let text = full;
  const isAge = !element.dataset.format;
  if (isAge && !element.closest(".posts")) return;
  if (isAge || element.dataset.format === "relative") {
    text = isAge ? age(moment) : ago(moment);
    if (element.title !== full) element.title = full;
  } else if (element.dataset.format === "date" && !isDay) {
    text = formats.date.format(moment);
  }
  if (element.textContent !== text) element.textContent = text;
}

export function writeTimes(root = document) {
  for (const element of root.querySelectorAll("time")) write(element);
}

function tick() {
  if (document.hidden) return;
  const line = document.getElementById("updated");
  if (line?.dataset.at) {
    const text = ago(Math.min(Number(line.dataset.at), Date.now()));
    const place = line.querySelector("[data-ago]");
    if (place && place.textContent !== text) place.textContent = text;
    line.hidden = false;
  }
}

export function start() {
  writeTimes();
  document.addEventListener("htmx:afterSwap", () => writeTimes());
  document.addEventListener("milepost:swapped", (event) => writeTimes(event.target));
  setInterval(tick, 1000);
  setInterval(() => { if (!document.hidden) writeTimes(); }, 20000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) writeTimes(); });
}

// Says that what the page shows was true just now.
export function markUpdated() {
  const line = document.getElementById("updated");
  if (line) line.dataset.at = String(Date.now());
  tick();
}
