// The connection behind a page's stream: opens it, reads it, resumes it by its cursor after whatever cut it, and polls the
// same feed where something on the way holds streams back. Knows nothing of the page: `told.state(state)` says how things
// stand, `told.event(event)` what came.
//
// States: connecting, live, delayed (polling), reconnecting, offline, and what an answer other than a stream meant:
// signed-out, other (somebody else is signed in), gone (not for this person any more), portal (not our server).
import { events } from "./sse.js";

const second = 1000;
const shortest = 1 * second;
const longest = 30 * second;
const longestAsked = 300 * second; // of what a Retry-After may ask
const helloWithin = 5 * second;
const silence = 38 * second; // two pings and a half, looked at every five seconds: noticed within 45
const lookEvery = 5 * second;
const sleptAfter = 20 * second;
const pollWithin = 27 * second; // the server answers after 20 at the latest
const betweenPolls = 1 * second;
const firstTrial = 30 * second;
const longestTrial = 300 * second;
const settled = 10 * second; // a stream that held this long starts the counting of attempts anew
const hopeful = 20 * second; // after so long in vain the page is called offline

const cut = { state: "reconnecting" };

// Resolves after `time`, or when the signal ends it.
function pause(time, signal) {
  return new Promise((resolve) => {
    if (signal.aborted || time <= 0) return resolve();
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, time);
    signal.addEventListener("abort", over);
  });
}

// Ends with its parent, or before.
function childOf(parent) {
  const child = new AbortController();
  const end = () => child.abort();
  if (parent.aborted) end();
  parent.addEventListener("abort", end, { once: true });
  child.signal.addEventListener("abort", () => parent.removeEventListener("abort", end), { once: true });
  return child;
}

function retryAfter(answer) {
  const asked = answer.headers.get("Retry-After");
  if (!asked) return 0;
  const wait = /^\s*\d+\s*$/.test(asked) ? Number(asked) * second : Date.parse(asked) - Date.now();
  return wait > 0 ? Math.min(wait, longestAsked) : 0;
}

// What an answer means when it is not the stream; none when it is. Ours never redirects a script.
function refusal(answer) {
  if (answer.type === "opaqueredirect") return { state: "portal" };
  if (answer.status === 401) return { state: "signed-out" };
  if (answer.status === 409) return { state: "other" };
  if (answer.status === 403 || answer.status === 404) return { state: "gone" };
  if (!answer.ok) return { ...cut, least: retryAfter(answer) };
  const isStream = (answer.headers.get("Content-Type") ?? "").startsWith("text/event-stream");
  return isStream ? null : { state: "portal" };
}

export class Line {
  #told;
  #address = "";
  #cursor = "";
  #run = new AbortController(); // all that the present opening began ends with it
  #stream = null; // what listens: { end, heardAt, since, hello, ping, wasCut }
  #tries = 0;
  #failingSince = 0;
  #notBefore = 0;
  #asked = 0; // by the last `retry:`
  #mute = 0; // streams in a row that said hello and then nothing
  #isHeldBack = false;
  #pollFailed = false; // since anything worked
  #lookedAt = Date.now();

  constructor(told) {
    this.#told = told;
    this.#run.abort();
    setInterval(() => this.#look(), lookEvery);
  }

  get isOpen() {
    return !this.#run.signal.aborted;
  }

  get cursor() {
    return this.#cursor;
  }

  isAt(address, cursor) {
    return address === this.#address && cursor === this.#cursor;
  }

  // Another page: its stream, from where it was read.
  follow(address, cursor) {
    this.#address = address;
    this.#cursor = cursor;
    this.open();
  }

  // Opens, or opens anew without waiting for the next attempt; what a server asked to wait is waited for.
  open() {
    this.close();
    if (!this.#address) return;
    this.#tries = 0;
    this.#run = new AbortController();
    this.#lookedAt = Date.now();
    this.#keep(this.#run.signal);
  }

  close() {
    this.#run.abort();
    this.#stream = null;
  }

  async #keep(run) {
    this.#told.state("connecting");
    await pause(Math.max(0, this.#notBefore - Date.now()), run);
    let trialAfter = 0;
    while (!run.aborted) {
      const outcome = await (this.#isHeldBack ? this.#poll(run, trialAfter) : this.#listen(run));
      if (run.aborted) return;
      trialAfter = firstTrial;
      if (outcome.state !== "delayed") await this.#wait(outcome, run);
    }
  }

  // Exponential, with full jitter: a thousand pages must not come back in the same second.
  async #wait({ state, least = 0 }, run) {
    const most = Math.min(longest, shortest * 2 ** this.#tries);
    const atLeast = Math.max(least, this.#asked);
    this.#asked = 0;
    this.#tries += 1;
    this.#notBefore = Date.now() + atLeast;
    this.#failingSince ||= Date.now();
    const isHopeless = this.#tries > 4 || Date.now() - this.#failingSince > hopeful;
    const isOff = state === "reconnecting" && (navigator.onLine === false || isHopeless);
    this.#told.state(isOff ? "offline" : state);
    await pause(atLeast + Math.random() * most, run);
  }

  #fetch(path, signal) {
    const address = new URL(this.#address, location.href);
    if (path) address.pathname = `${address.pathname}/${path}`;
    if (this.#cursor) address.searchParams.set("after", this.#cursor);
    const headers = { Accept: "text/event-stream", "X-Milepost-Part": "stream" };
    return fetch(address, { headers, cache: "no-store", redirect: "manual", signal });
  }

  #works(state) {
    this.#failingSince = 0;
    this.#pollFailed = false;
    this.#told.state(state);
  }

  #take(event) {
    if (event.retry !== undefined) this.#asked = Math.min(event.retry, longestAsked);
    this.#told.event(event);
    // After it was dealt with: a cut in between repeats an event and loses none.
    if (event.id) this.#cursor = event.id;
  }

  // Listens until the stream ends; says how it ended. A trial listens beside the polling, and is believed at its first
  // ping: `proven` is called then.
  async #listen(run, proven = null) {
    const end = childOf(run);
    const stream = { end, heardAt: Date.now(), since: Date.now(), hello: false, ping: false, wasCut: false };
    this.#stream = stream;
    const tooLate = setTimeout(() => end.abort(), helloWithin);
    try {
      const answer = await this.#fetch("", end.signal);
      const refused = refusal(answer);
      if (refused) return refused;
      for await (const event of events(answer.body, () => { stream.heardAt = Date.now(); })) {
        if (end.signal.aborted) break;
        if (event.type === "hello" && !stream.hello) {
          stream.hello = true;
          clearTimeout(tooLate);
          if (!proven) this.#works("live");
        } else if (event.type === "ping" && !stream.ping) {
          stream.ping = true;
          this.#mute = 0;
          this.#tries = 0;
          proven?.();
        }
        this.#take(event);
      }
    } catch {
      // A cut, a closed laptop, a server on its way: all are answered by trying again.
    } finally {
      clearTimeout(tooLate);
      stream.wasCut = !end.signal.aborted;
      end.abort();
      if (this.#stream === stream) this.#stream = null;
    }
    return proven || run.aborted ? cut : this.#over(stream);
  }

  // What the end of a stream says about the way to the server.
  #over(stream) {
    if (stream.hello && Date.now() - stream.since > settled) this.#tries = 0;
    if (stream.wasCut) return cut;
    if (stream.hello && !stream.ping) this.#mute += 1;
    // We gave up on it: there was no hello in time, or twice a hello and never a ping. Something holds back what streams.
    this.#isHeldBack = !stream.hello || this.#mute > 1;
    return this.#isHeldBack ? { state: "delayed" } : cut;
  }

  // Polls until a poll fails, or until a stream that is tried beside it proves to work; then listens to that one.
  async #poll(run, trialAfter) {
    const polling = childOf(run);
    // After a poll in vain the way to the server is not slow, it is cut.
    if (!this.#pollFailed) this.#told.state("delayed");
    let streaming = null;
    this.#tryStreams(run, polling.signal, trialAfter, (ending) => {
      streaming = ending;
      this.#isHeldBack = false;
      this.#works("live");
      polling.abort();
    });
    let failed = null;
    while (!polling.signal.aborted && !failed) {
      const at = Date.now();
      failed = await this.#ask(polling.signal);
      if (!failed) await pause(at + betweenPolls - Date.now(), polling.signal);
    }
    polling.abort();
    if (streaming) return streaming;
    this.#pollFailed = true;
    // The way to the server may be another by now.
    this.#isHeldBack = false;
    return failed ?? cut;
  }

  // One poll; says how it failed, if it did.
  async #ask(polling) {
    const end = childOf(polling);
    const tooLate = setTimeout(() => end.abort(), pollWithin);
    try {
      const answer = await this.#fetch("poll", end.signal);
      const refused = refusal(answer);
      if (refused) return refused;
      this.#works("delayed");
      let isOver = false;
      for await (const event of events(answer.body)) {
        if (polling.aborted) return null;
        isOver ||= event.type === "end";
        this.#take(event);
      }
      this.#tries = 0;
      return isOver ? cut : null;
    } catch {
      return polling.aborted ? null : cut;
    } finally {
      clearTimeout(tooLate);
      end.abort();
    }
  }

  async #tryStreams(run, polling, after, works) {
    let between = firstTrial;
    await pause(after * (0.5 + Math.random()), polling);
    while (!polling.aborted) {
      const trial = childOf(run);
      const giveUp = () => trial.abort();
      polling.addEventListener("abort", giveUp, { once: true });
      let ending;
      const listening = this.#listen(trial.signal, () => {
        polling.removeEventListener("abort", giveUp);
        works(ending);
      });
      ending = listening;
      await listening;
      polling.removeEventListener("abort", giveUp);
      await pause(between * (0.5 + Math.random()), polling);
      between = Math.min(longestTrial, between * 2);
    }
  }

  // Sleep: the clock jumped over several of our looks, so the line is surely dead, though nobody told us. A stream that
  // has been silent is dead, too.
  #look() {
    const now = Date.now();
    const slept = now - this.#lookedAt > sleptAfter;
    this.#lookedAt = now;
    if (!this.isOpen) return;
    if (slept) this.open();
    else if (this.#stream && now - this.#stream.heardAt > silence) this.#stream.end.abort();
  }
}
