// First run to first task, in two browsers, as on an empty machine: set up, invite, accept, assign, report.
// MILEPOST_SCRIPT=off does it all without JavaScript. With it, prints the time from click to moved card.
import { assert, complaints, live, open, someone, url, withBrowser } from './milepost.mjs';

const javaScriptEnabled = process.env.MILEPOST_SCRIPT !== 'off';

async function send(page, form) {
  await form.locator('button:not([type="button"])').first().click();
  await page.waitForLoadState('domcontentloaded');
}

async function setUp(browser) {
  const alice = await someone(browser, null, { javaScriptEnabled });
  const page = await open(alice, '/');
  assert.equal(new URL(page.url()).pathname, '/setup', 'an empty database leads to setup');
  const form = page.locator('form[action="/setup"]');
  await form.locator('[name="organisation"]').fill('Harbour Works');
  await form.locator('[name="name"]').fill('Alice Owner');
  await form.locator('[name="email"]').fill('alice@harbour.example');
  await form.locator('[name="password"]').fill('correct horse battery');
  await send(page, form);
  await page.waitForURL((where) => where.pathname !== '/setup');
  return page;
}

async function invite(page) {
  await page.goto(`${url}/people`);
  const form = page.locator('form:has([name="email"]):has([name="role"])');
  // Folded away where the page is long.
  const fold = page.locator('details:not([open]):has(form [name="role"]) > summary');
  if (await fold.count()) await fold.click();
  await form.locator('[name="email"]').fill('bob@harbour.example');
  await form.locator('[name="name"]').fill('Bob Member');
  await form.locator('[name="role"]').selectOption('member');
  await send(page, form);
  const shown = page.locator('input[value*="/invitations/"], a[href*="/invitations/"]').first();
  await shown.waitFor({ state: 'attached' });
  return (await shown.getAttribute('value')) ?? shown.getAttribute('href');
}

async function accept(browser, link) {
  const bob = await someone(browser, null, { javaScriptEnabled });
  const page = await open(bob, new URL(link, url).pathname);
  const form = page.locator('form[action*="/invitations/"]');
  await form.locator('[name="name"]').fill('Bob Member');
  await form.locator('[name="password"]').fill('bobs own password');
  await send(page, form);
  await page.waitForURL((where) => !where.pathname.startsWith('/invitations'));
  return page;
}

async function assign(page, title) {
  await page.goto(`${url}/assign`);
  const form = page.locator('form[action="/assign"]');
  await form.locator('[name="title"]').fill(title);
  const option = form.locator('select[name="assignee"] option', { hasText: 'Bob Member' }).first();
  if (await option.count()) {
    await form.locator('[name="assignee"]').selectOption(await option.getAttribute('value'));
  } else {
    await form.locator('label:has([name="assignee"])', { hasText: 'Bob Member' }).click();
  }
  await send(page, form);
}

/** The card of a task, found by its title. */
function cardOf(page, title) {
  return page.locator('[id^="task-"]', { hasText: title }).first();
}

async function withScript(alice, bob) {
  await bob.goto(`${url}/tasks`);
  // A list stands still under a resting pointer.
  await bob.mouse.move(1, 1);
  await live(bob);
  await assign(alice, 'Paint the north pier');
  // It appears by itself, without a reload.
  const card = cardOf(bob, 'Paint the north pier');
  await card.waitFor();
  await alice.goto(`${url}/monitor`);
  await alice.mouse.move(1, 1);
  await live(alice);
  const id = await card.getAttribute('id');
  const watched = alice.locator(`#${id}`);
  await watched.waitFor();
  assert.equal(await watched.locator('progress').first().evaluate((bar) => bar.value), 0);
  const times = [];
  for (const percent of ['25', '50', '75', '100']) times.push(await report(alice, bob, id, percent));
  console.log(`from click to moved card, the stream in between: ${times.map((time) => `${time} ms`).join(', ')}`);
}

/** Bob presses a quick button; resolves with the milliseconds until Alice's card shows it. */
async function report(alice, bob, id, percent) {
  await alice.evaluate(([card, expected]) => {
    window.moved = new Promise((resolve) => {
      const look = () => {
        const bar = document.querySelector(`#${card} progress`);
        // Out of the open ones once it is done: that is a move, too.
        if (!bar || Math.round(bar.value) === expected) {
          watcher.disconnect();
          resolve(performance.timeOrigin + performance.now());
        }
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
    });
  }, [id, Number(percent)]);
  await bob.evaluate(() => {
    document.addEventListener('click', () => { window.clicked = performance.timeOrigin + performance.now(); }, { capture: true, once: true });
  });
  await bob.locator(`#${id} button[name="progress"][value="${percent}"]`).last().click();
  const moved = await alice.evaluate(() => window.moved);
  return Math.round(moved - (await bob.evaluate(() => window.clicked)));
}

async function withoutScript(alice, bob) {
  await assign(alice, 'Paint the north pier');
  await bob.goto(`${url}/tasks`);
  const card = cardOf(bob, 'Paint the north pier');
  const id = (await card.getAttribute('id')).replace('task-', '');
  await card.locator('button[name="progress"][value="50"]').first().click();
  await bob.waitForLoadState('domcontentloaded');
  await alice.goto(`${url}/monitor`);
  const bar = cardOf(alice, 'Paint the north pier').locator('progress').first();
  assert.equal(await bar.evaluate((found) => Number(found.getAttribute('value'))), 50);
  await wholeTask(alice, bob, id);
  await alice.goto(`${url}/tasks/${id}`);
  const words = await alice.locator('#main').textContent();
  assert.match(words, /halfway along the railing/, 'the note is in the trail');
  assert.match(words, /who ordered blue/, 'the comment is in the trail');
}

/** Everything that the task's own page can do, as Bob and Alice, without script. */
async function wholeTask(alice, bob, id) {
  await bob.goto(`${url}/tasks/${id}`);
  const progress = bob.locator(`form[action="/tasks/${id}/progress"]:has([name="note"])`).first();
  await progress.locator('input[name="progress"]:visible').last().fill('60');
  await progress.locator('[name="note"]').fill('halfway along the railing');
  await send(bob, progress);
  const comment = bob.locator(`form[action="/tasks/${id}/comments"]`).first();
  await comment.locator('textarea, input[type="text"]').first().fill('who ordered blue?');
  await send(bob, comment);
  for (const [page, step] of [[bob, 'complete'], [bob, 'reopen'], [alice, 'cancel'], [alice, 'reopen']]) {
    await page.goto(`${url}/tasks/${id}`);
    const form = page.locator(`form[action="/tasks/${id}/${step}"]`).first();
    const fold = page.locator(`details:not([open]):has(form[action="/tasks/${id}/${step}"]) > summary`).first();
    if (await fold.count()) await fold.click();
    await send(page, form);
  }
}

await withBrowser(async (browser) => {
  const alice = await setUp(browser);
  const bob = await accept(browser, await invite(alice));
  await (javaScriptEnabled ? withScript : withoutScript)(alice, bob);
  assert.deepEqual(complaints, []);
  console.log(`from first run to first task, script ${javaScriptEnabled ? 'on' : 'off'}`);
});
