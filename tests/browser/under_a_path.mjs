// Behind nginx with TLS, under a path of its host: sign in, go everywhere, move a task, see it move elsewhere; nothing is
// asked for outside of the path, nothing is missing, no script complains. MILEPOST_TASK is one of Bob's tasks.
import { assert, complaints, live, open, someone, until, url, withBrowser } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;
const prefix = new URL(url).pathname;
const asked = new Set();
let isWatching = true;

async function signedIn(browser, name) {
  const context = await someone(browser, null, { ignoreHTTPSErrors: true });
  context.on('response', (answer) => {
    const { pathname } = new URL(answer.url());
    asked.add(pathname);
    if (!isWatching) return;
    if (answer.status() >= 400) complaints.push(`${answer.status()} for ${answer.url()}`);
    if (!answer.url().startsWith(`${url}/`)) complaints.push(`asked for ${answer.url()}`);
  });
  const page = await open(context, '/');
  const form = page.locator('form[action$="/sign-in"]');
  await form.locator('[name="email"]').fill(`${name}@harbour.example`);
  await form.locator('[name="password"]').fill(process.env.MILEPOST_PASSWORD);
  await form.locator('button').first().click();
  await live(page);
  return { context, page };
}

const bar = (page) => page.locator(`#task-${task} progress`).first().evaluate((element) => Math.round(element.value));
const stands = (page, percent) => until(`${page.url()} shows ${percent} %`, () => bar(page).then((value) => value === percent));

await withBrowser(async (browser) => {
  const alice = await signedIn(browser, 'alice');
  assert.equal(alice.page.url(), `${url}/monitor`);
  const bob = await signedIn(browser, 'bob');
  assert.equal(bob.page.url(), `${url}/tasks`);

  await bob.page.locator(`#task-${task} .steps button[value="50"]`).click();
  await stands(bob.page, 50);
  await stands(alice.page, 50);
  assert.equal(bob.page.url(), `${url}/tasks`);

  // By a link and a form that htmx takes over.
  await bob.page.locator(`#task-${task} h3 a`).click();
  await bob.page.waitForURL(`${url}/tasks/${task}`);
  await live(bob.page);
  const report = bob.page.locator('form.report');
  await report.locator('[name="progress"]').fill('60');
  await report.locator('button.button-primary').click();
  await stands(bob.page, 60);
  await stands(alice.page, 60);

  for (const link of await alice.page.locator('.nav a').all()) {
    const address = await link.getAttribute('href');
    assert.ok(address.startsWith(`${prefix}/`), address);
    await link.click();
    await alice.page.waitForURL(new URL(address, url).href);
    await alice.page.locator(`.nav a[href="${address}"][aria-current]`).waitFor();
  }
  await alice.page.locator('#menu summary').click();
  await alice.page.locator('[name="theme"][value="dark"]').click();
  await until('the theme is told', () => asked.has(`${prefix}/preferences`));
  await until('presence is told', () => asked.has(`${prefix}/presence`));

  // Signed out in another tab: this one says where to sign in, and that leads back to it.
  await bob.page.goto(`${url}/tasks`);
  await live(bob.page);
  const other = await open(bob.context, '/account');
  isWatching = false;
  await other.locator('#menu summary').click();
  await other.locator('form[action$="/sign-out"] button').click();
  await other.waitForURL(`${url}/sign-in`);
  const link = bob.page.locator('#notice a[href*="sign-in"]');
  await link.waitFor();
  const back = await link.evaluate((element) => element.href);
  assert.equal(back, `${url}/sign-in?next=${encodeURIComponent(`${prefix}/tasks`)}`);

  assert.deepEqual(complaints, []);
  console.log(`${asked.size} addresses asked for, all under ${prefix}`);
});
