// Follows a job's log on its page: what the server put there, then what comes, in one order, a bounded piece at a time. How
// long the log is by now, the job's own live fragment says.
import { language, words } from "./words.js";
import { Terminal } from "./terminal.js";

const second = 1000;
const most = 5_000; // lines in the page
const behind = 1 << 20; // more bytes than this are skipped, but for the last
const last = 1 << 17;
const within = 30 * second;
const between = 250; // pieces of a log that is written without pause
const longest = 30 * second;

let log = null;

class Log {
  constructor(pre) {
    this.pre = pre;
    this.id = /\/tasks\/(\d+)\/log$/.exec(new URL(pre.dataset.url, location.href).pathname)?.[1];
    this.next = Number(pre.dataset.next ?? 0);
    this.bytes = this.next;
    this.isFollowing = true;
    this.isReading = false;
    this.failures = 0;
    this.news = 0;
    this.takeOver();
    this.button = document.getElementById("log-follow");
    if (this.button) this.button.hidden = false;
    this.more = document.createElement("button");
    this.more.type = "button";
    this.more.className = "button button-small log-more";
    this.more.hidden = true;
    pre.after(this.more);
    pre.addEventListener("scroll", () => this.follow(this.isAtEnd() && !this.isPaused), { passive: true });
    this.more.addEventListener("click", () => this.resume());
    this.button?.addEventListener("click", () => (this.isFollowing ? this.pause() : this.resume()));
    this.reflect();
    this.toEnd();
  }

  // What the server wrote: a text node for each line, the open one last.
  takeOver() {
    const lines = this.pre.textContent.split("\n");
    const open = lines.pop();
    const column = this.pre.dataset.column;
    this.terminal = new Terminal(open, column === undefined ? open.length : Number(column));
    this.pre.replaceChildren(...lines.map((line) => document.createTextNode(`${line}\n`)));
    this.open = null;
    this.showOpen();
  }

  // Heard of its length; reads on if it has grown.
  hear() {
    const shown = [`t${this.id}-moving`, `task-${this.id}`].map((id) => Number(document.getElementById(id)?.dataset.logBytes ?? 0));
    this.bytes = Math.max(this.bytes, ...shown);
    this.read();
  }

  get isFull() {
    return !this.isFollowing && this.pre.childNodes.length >= most;
  }

  async read() {
    if (this.isReading) return;
    this.isReading = true;
    while (this.bytes > this.next && this.pre.isConnected && !document.hidden && !this.isFull) {
      const isDone = await this.readPiece();
      this.failures = isDone ? 0 : this.failures + 1;
      const wait = isDone ? between : Math.random() * Math.min(longest, second * 2 ** this.failures);
      if (this.bytes > this.next) await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
    this.isReading = false;
  }

  // One piece; false when it could not be had. What is shown and where to go on change together.
  async readPiece() {
    const skipped = this.bytes - this.next > behind ? this.bytes - last - this.next : 0;
    const from = this.next + skipped;
    const heard = this.bytes;
    try {
      const address = new URL(this.pre.dataset.url, location.href);
      address.searchParams.set("from", from);
      const answer = await fetch(address, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(within) });
      const next = Number(answer.headers.get("Milepost-Log-Next") ?? NaN);
      if (!answer.ok || Number.isNaN(next)) return false;
      const text = await answer.text();
      if (!this.pre.isConnected) return true;
      if (skipped) this.skip(skipped);
      // After a leap the first line is the end of one.
      this.append(skipped ? text.slice(text.indexOf("\n") + 1) : text);
      this.next = next;
      // It says that there is more than there is, or it was shortened: what it has, it has given.
      if (next <= from && this.bytes === heard) this.bytes = next;
      return true;
    } catch {
      return false;
    }
  }

  skip(bytes) {
    this.append("\n");
    const size = new Intl.NumberFormat(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / 1e6);
    const sentence = document.createElement("i");
    sentence.className = "log-skipped";
    sentence.textContent = `${words.logSkipped}: ${size}\n`;
    this.pre.insertBefore(sentence, this.open);
    this.terminal = new Terminal();
    this.showOpen();
  }

  append(text) {
    // The browser says only with its next frame that somebody has gone up; to its end it would pull them down again.
    if (this.isFollowing && this.pre.scrollTop < this.end && !this.isAtEnd()) this.follow(false);
    const done = this.terminal.write(text);
    // Of very many only the last are ever seen.
    const shown = this.isFollowing ? done.slice(-most) : done;
    const nodes = document.createDocumentFragment();
    if (shown.length) {
      this.open?.remove();
      this.open = null;
    }
    for (const line of shown) nodes.append(document.createTextNode(`${line}\n`));
    this.pre.append(nodes);
    this.showOpen();
    if (this.isFollowing) {
      while (this.pre.childNodes.length > most) this.pre.firstChild.remove();
      this.toEnd();
    } else if (done.length) {
      this.news += done.length;
      this.reflect();
    }
  }

  showOpen() {
    const { line } = this.terminal;
    if (this.open) this.open.data = line;
    else if (line) this.pre.append(this.open = document.createTextNode(line));
  }

  isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.pre;
    return scrollHeight - scrollTop - clientHeight < 8;
  }

  toEnd() {
    this.pre.scrollTop = this.pre.scrollHeight;
    this.end = this.pre.scrollTop;
  }

  pause() {
    this.isPaused = true;
    this.follow(false);
  }

  resume() {
    this.isPaused = false;
    this.toEnd();
    this.follow(true);
  }

  follow(isFollowing) {
    if (isFollowing === this.isFollowing) return;
    this.isFollowing = isFollowing;
    this.news = 0;
    this.reflect();
    if (isFollowing) this.read();
  }

  reflect() {
    this.button?.setAttribute("aria-pressed", String(this.isFollowing));
    this.more.hidden = this.news === 0;
    this.more.textContent = `${words.logNew}: ${this.news}${this.isFull ? "+" : ""}`;
  }
}

function attach() {
  const pre = document.querySelector("pre#log[data-url]");
  if (log?.pre !== pre) log = pre ? new Log(pre) : null;
  log?.hear();
}

export function start() {
  attach();
  document.addEventListener("htmx:afterSettle", attach);
  document.addEventListener("milepost:swapped", attach);
  document.addEventListener("visibilitychange", attach);
}
