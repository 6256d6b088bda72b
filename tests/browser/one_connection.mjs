// Fifty streams and the posts between them on one HTTP/2 connection, as the tabs of a browser share it: Node's own client.
// MILEPOST_TASK is one of Bob's tasks.
import http2 from 'node:http2';
import { assert, people, until, url } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;
const most = 50;

function headers(person, more) {
  const cookie = Object.entries(people[person]).map(([name, value]) => `${name}=${value}`).join('; ');
  return { cookie, 'sec-fetch-site': 'same-origin', ...more };
}

const connection = http2.connect(url);
const heard = Array.from({ length: most }, (_, number) => {
  const heard = { text: '' };
  const path = number % 2 ? '/events?view=monitor' : `/events?view=task&task=${task}`;
  const stream = connection.request(headers('alice', { ':path': path }));
  stream.setEncoding('utf8');
  stream.on('response', (answer) => assert.equal(answer[':status'], 200));
  stream.on('data', (text) => { heard.text += text; });
  stream.on('close', () => { heard.isClosed = true; });
  return heard;
});

const all = (what, check) => until(what, () => heard.every(check));

async function report(percent) {
  const type = 'application/x-www-form-urlencoded';
  const post = connection.request(
    headers('bob', { ':method': 'POST', ':path': `/tasks/${task}/progress`, 'content-type': type }));
  post.end(`progress=${percent}`);
  const status = await new Promise((resolve) => { post.on('response', (answer) => resolve(answer[':status'])); });
  assert.equal(status, 303);
}

await all('each says hello', ({ text }) => text.includes('event: hello'));
for (const percent of [15, 30, 45]) {
  await report(percent);
  await all(`each hears of ${percent} %`, ({ text }) => text.includes(`value="${percent}"`));
}
connection.close();
assert.ok(heard.every(({ isClosed }) => !isClosed), 'no stream ended by itself');
connection.destroy();
console.log(`${most} streams on one connection heard three reports each`);
process.exit();
