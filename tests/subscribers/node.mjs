// Subscribers that others wrote, in Node: npm eventsource and npm eventsource-client. They keep their own cursor and come
// back by themselves; this only watches for silence, and makes one anew that gave up.
// MILEPOST_SUBSCRIBERS: [{ name, kind, headers, after }], MILEPOST_EVENTS: the stream's address, MILEPOST_SILENCE: milliseconds.
// Says one line for each thing heard: `NAME entry CURSOR TASK CHANGE`, or `NAME hello|gone|reset|end|refused|silent …`.
import { EventSource } from 'eventsource';
import { createEventSource } from 'eventsource-client';

const address = process.env.MILEPOST_EVENTS;
const silence = Number(process.env.MILEPOST_SILENCE);
const names = ['hello', 'task', 'gone', 'reset', 'ping', 'end'];

const makers = {
  eventsource(url, headers, heard, gaveUp) {
    const source = new EventSource(url, { fetch: (where, init) => fetch(where, { ...init, headers: { ...init.headers, ...headers } }) });
    for (const name of names) source.addEventListener(name, (event) => heard(name, event.lastEventId, event.data));
    source.addEventListener('error', (error) => {
      if (source.readyState === source.CLOSED) gaveUp(error.code);
    });
    return source;
  },
  'eventsource-client': (url, headers, heard) => createEventSource({
    url, headers, onMessage: ({ event, id, data }) => heard(event, id ?? '', data),
  }),
};

function subscribe({ name, kind, headers, after }) {
  let last = after;
  let heardAt = performance.now();
  let source;
  const say = (...words) => console.log([name, ...words].join(' '));
  const open = () => {
    source?.close();
    heardAt = performance.now();
    const url = new URL(address);
    url.searchParams.set('after', last);
    const mine = makers[kind](url, headers, (event, id, data) => { if (mine === source) heard(event, id, JSON.parse(data)); }, gaveUp);
    source = mine;
  };
  const gaveUp = (status) => {
    say('refused', status);
    setTimeout(open, 100 + Math.random() * 900);
  };
  const heard = (event, id, data) => {
    heardAt = performance.now();
    if (event === 'task') {
      if (data.change.change === 'tick') return;
      if (id !== data.change.cursor) say('broken', `the entry ${data.change.cursor} stands under the id ${id}`);
      say('entry', data.change.cursor, data.change.task_id, data.change.change);
    } else if (event !== 'ping') {
      say(event, event === 'gone' ? data.id : id, data.reason ?? '');
    }
    if (id) last = id;
  };
  setInterval(() => {
    if (performance.now() - heardAt < silence) return;
    say('silent');
    open();
  }, 1000);
  open();
}

JSON.parse(process.env.MILEPOST_SUBSCRIBERS).forEach(subscribe);
// Whoever started this is gone, or needs no more.
process.stdin.on('end', () => process.exit()).resume();
