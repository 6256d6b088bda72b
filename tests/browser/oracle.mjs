// The browser's part of the oracle test: Chromium's own EventSource as a subscriber, and pages that stay open meanwhile.
// MILEPOST_SUBSCRIBERS: [{ name, person, after }], MILEPOST_EVENTS: the stream's path, MILEPOST_SILENCE: milliseconds,
// MILEPOST_OPEN_PAGES: [[person, path]]. Says what tests/subscribers/node.mjs says. Asks `opened` when all is open, and
// goes on when it is answered: then every open page has to show what a fresh load shows.
import { ask, assert, complaints, live, open, patience, reading, someone, until, withBrowser } from './milepost.mjs';

const { MILEPOST_EVENTS: address, MILEPOST_SILENCE: silence } = process.env;
const subscribers = JSON.parse(process.env.MILEPOST_SUBSCRIBERS);
const wanted = JSON.parse(process.env.MILEPOST_OPEN_PAGES);

/** Runs in the page: reads the stream with EventSource, makes it anew when it gives up, keeps lines for `take`. */
function subscribe({ name, after, address, silence }) {
  let last = after;
  let heardAt = performance.now();
  let source;
  window.lines = [];
  const say = (...words) => window.lines.push([name, ...words].join(' '));
  const heard = (event) => {
    const data = JSON.parse(event.data);
    heardAt = performance.now();
    if (event.type === 'task') {
      if (data.change.change === 'tick') return;
      if (event.lastEventId !== data.change.cursor) say('broken', `the entry ${data.change.cursor} stands under the id ${event.lastEventId}`);
      say('entry', data.change.cursor, data.change.task_id, data.change.change);
    } else if (event.type !== 'ping') {
      say(event.type, event.type === 'gone' ? data.id : event.lastEventId, data.reason ?? '');
    }
    last = event.lastEventId || last;
  };
  const open = () => {
    source?.close();
    heardAt = performance.now();
    const url = new URL(address, location.href);
    url.searchParams.set('after', last);
    source = new EventSource(url);
    for (const kind of ['hello', 'task', 'gone', 'reset', 'ping', 'end']) source.addEventListener(kind, heard);
    source.addEventListener('error', ({ target }) => {
      if (target.readyState !== EventSource.CLOSED || target !== source) return;
      say('refused');
      setTimeout(open, 100 + Math.random() * 900);
    });
  };
  setInterval(() => {
    if (performance.now() - heardAt < silence) return;
    say('silent');
    open();
  }, 1000);
  open();
}

async function listen(page) {
  const lines = await page.evaluate(() => window.lines.splice(0));
  if (lines.length) console.log(lines.join('\n'));
}

/** A page may wait for half a minute before it tries again, and a watchdog takes longer than that to bark. */
async function compare(person, path, page) {
  let difference = '';
  await until(`${path} shows what a fresh load shows`, async () => {
    const fresh = await open(person, path);
    const [shown, expected] = [await reading(page), await reading(fresh)].map((read) => JSON.stringify(read));
    await fresh.close();
    difference = `\n${shown}\n${expected}`;
    return shown === expected;
  }, 3 * patience).catch((error) => { throw new Error(`${error.message}${difference}`); });
}

await withBrowser(async (browser) => {
  const people = {};
  for (const name of ['alice', 'bob']) people[name] = await someone(browser, name);
  const pages = [];
  for (const [name, path] of wanted) {
    const page = await open(people[name], path);
    await live(page);
    pages.push([people[name], path, page]);
  }
  const listening = [];
  for (const { name, person, after } of subscribers) {
    const page = await open(people[person], '/account');
    await page.evaluate(subscribe, { name, after, address, silence: Number(silence) });
    listening.push(page);
  }
  const timer = setInterval(() => listening.forEach((page) => listen(page).catch(() => {})), 100);
  await ask('opened');
  clearInterval(timer);
  for (const page of listening) await page.close();
  for (const [person, path, page] of pages) await compare(person, path, page);
  // A head that is cut before its type looks like one without any to the browser's own EventSource, which says so.
  const ours = complaints.filter((complaint) => !/EventSource's response has a MIME type/.test(complaint));
  assert.deepEqual(ours, []);
  console.log(`${pages.length} open pages show what fresh loads show`);
});
