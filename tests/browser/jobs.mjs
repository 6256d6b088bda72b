// What people do to jobs on their pages, by pointer and once by keys alone, on a wide and on a narrow screen: cancel,
// retry, dismiss, pause a queue, and all that a filter finds. MILEPOST_SCENE names one of the scenes below.
import { assert, live, open, someone, tabTo, until, url } from './milepost.mjs';
import { play } from './scene.mjs';

const api = `${url}/api/v1`;
const headers = { authorization: `Bearer ${process.env.MILEPOST_TOKEN}`, 'content-type': 'application/json' };
const narrow = { viewport: { width: 360, height: 740 } };

async function tell(path, body) {
  const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const said = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${said}`);
  return said && JSON.parse(said);
}

const make = async (title, more = {}) => (await tell('/tasks', { title, job_kind: 'letters', queue: 'mail', max_attempts: 1, total: 10, ...more })).id;
const claim = (id) => tell('/claims', { kinds: ['letters'], worker: 'w-7' }).then((task) => { assert.equal(task.id, id); return task.attempt; });
const found = async (id) => (await fetch(`${api}/tasks/${id}`, { headers })).json();
const isStatus = (id, status) => until(`it is ${status}`, async () => (await found(id)).status === status);
const chain = (page) => page.locator('.chain li b').allInnerTexts();
const isWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** A job that failed with two bad items of four. */
async function failed(title) {
  const id = await make(title, { total: 4 });
  const attempt = await claim(id);
  const items = ['ada', 'bob', 'cem', 'dan'].map((key, at) => (at < 2 ? { key, outcome: 'failed', message: 'no such street' } : { key, outcome: 'succeeded' }));
  await tell(`/tasks/${id}/progress`, { attempt, items });
  await tell(`/tasks/${id}/finish`, { attempt, outcome: 'failed', error: 'two letters came back' });
  return id;
}

const screens = async (browser, scene) => {
  for (const options of [{}, narrow]) await scene(await someone(browser, 'alice', options));
};

/** The menu of a job's row in the list. */
async function menu(page, id) {
  await page.locator(`#task-${id} .row-menu > summary`).click();
  return page.locator(`#task-${id} .row-sheet`);
}

/** A running one is asked to end, and the page shows how far that is, as it goes. */
async function cancelled(browser) {
  await screens(browser, async (alice) => {
    const id = await make('Send 1000 letters');
    const attempt = await claim(id);
    const page = await open(alice, `/tasks/${id}`);
    await live(page);
    await page.locator('#acts summary').click();
    await page.locator('#cancel-note').fill('no stamps');
    await page.locator('#acts .button-danger').click();
    await until('it is requested', async () => (await chain(page)).join() === 'Cancel requested,The worker has not answered yet');
    assert.equal((await found(id)).status, 'in_progress', 'it is asked, not killed');
    const said = await tell(`/tasks/${id}/heartbeat`, { attempt, cancel_acknowledged: true });
    assert.equal(said.cancel_requested, true);
    await until('the worker has heard', async () => (await chain(page))[1] === 'Cancel acknowledged');
    await tell(`/tasks/${id}/finish`, { attempt, outcome: 'cancelled' });
    await until('it is over', async () => (await chain(page)).join() === 'Cancel requested,Cancel acknowledged,Cancelled');
    await page.locator('#task-' + id + '[data-status="cancelled"]').waitFor();
    assert.equal(await isWide(page), false, 'nothing stands out to the side');
    await page.close();
  });
}

/** From the list as a whole, on its page only what failed; then it goes from the lists. */
async function retried(browser) {
  await screens(browser, async (alice) => {
    const id = await failed('Send 4 letters');
    const list = await open(alice, '/jobs');
    await live(list);
    const page = await open(alice, `/tasks/${id}`);
    await live(page);
    assert.match(await page.locator('#errors').innerText(), /no such street[\s\S]*ada[\s\S]*bob/);
    assert.equal(await isWide(page), false, 'nothing stands out to the side');
    await page.getByRole('button', { name: 'Retry failed items' }).click();
    await isStatus(id, 'pending');
    const again = await tell('/claims', { kinds: ['letters'], worker: 'w-8' });
    assert.equal(again.id, id);
    await tell(`/tasks/${id}/progress`, { attempt: again.attempt, items: ['ada', 'bob'].map((key) => ({ key, outcome: 'succeeded' })) });
    await tell(`/tasks/${id}/finish`, { attempt: again.attempt, outcome: 'failed', error: 'the van broke down' });
    await page.locator(`#task-${id}[data-status="failed"]`).waitFor();
    // The other page heard of all this.
    await until('the list has it', async () => (await list.locator(`#task-${id}`).innerText()).includes('the van broke down'));
    await (await menu(list, id)).getByRole('button', { name: 'Retry', exact: true }).click();
    await isStatus(id, 'pending');
    const attempt = await claim(id);
    await tell(`/tasks/${id}/finish`, { attempt, outcome: 'done' });
    await list.locator(`#task-${id}[data-status="done"]`).waitFor();
    await (await menu(list, id)).getByRole('link', { name: 'Dismiss' }).click();
    await list.locator(`form[action="/tasks/${id}/dismiss"] .button-danger`).click();
    await list.waitForURL('**/jobs');
    assert.equal(await list.locator(`#task-${id}`).count(), 0);
    assert.equal((await fetch(`${api}/tasks/${id}`, { headers })).status, 404);
    assert.equal(await isWide(list), false, 'nothing stands out to the side');
    await page.close();
    await list.close();
  });
}

/** What a filter finds: said before, counted after, and nothing else. */
async function many(browser) {
  await screens(browser, async (alice) => {
    const other = await make('Print', { job_kind: 'print', queue: 'paper' });
    const all = [];
    for (let number = 0; number < 12; number += 1) all.push(await make(`Letter ${number}`));
    const page = await open(alice, '/jobs?queue=mail&status=queued');
    await page.getByRole('link', { name: 'Cancel all' }).click();
    await page.getByRole('button', { name: 'Cancel 12 jobs' }).click();
    await page.getByText('12 done.').waitFor();
    for (const id of all) assert.equal((await found(id)).status, 'cancelled');
    assert.equal((await found(other)).status, 'pending', 'the filter left it out');
    await page.goto(`${url}/jobs?queue=mail&status=ended`);
    await page.getByRole('link', { name: 'Dismiss all' }).click();
    await page.getByRole('button', { name: 'Dismiss 12 jobs' }).click();
    await page.getByText('12 done.').waitFor();
    await page.goto(`${url}/jobs`);
    assert.deepEqual(await page.locator('#list .job-row').evaluateAll((rows) => rows.map((row) => row.id)), [`task-${other}`]);
    assert.equal(await isWide(page), false, 'nothing stands out to the side');
    await tell(`/tasks/${other}/cancel`, {});
    await page.goto(`${url}/jobs/bulk?act=dismiss&status=ended`);
    await page.locator('form .button-danger').click();
    await page.close();
  });
}

/** A queue that is paused gives out nothing until it goes on. */
async function paused(browser) {
  await screens(browser, async (alice) => {
    const id = await make('Wait');
    const page = await open(alice, '/jobs');
    await page.locator('#lanes > summary').click();
    await page.getByRole('button', { name: /^Pause.*mail$/ }).click();
    await page.getByRole('status').getByText('mail').waitFor();
    assert.equal(await tell('/claims', { kinds: ['letters'], worker: 'w-7' }), '', 'nothing is given out');
    const lanes = page.locator('#lanes');
    if (!await lanes.evaluate((fold) => fold.open)) await lanes.locator('> summary').click();
    assert.equal(await isWide(page), false, 'nothing stands out to the side');
    await page.getByRole('button', { name: /^Resume.*mail$/ }).click();
    await until('it goes on', async () => !(await (await fetch(`${api}/queues`, { headers })).json()).items.length);
    await tell(`/tasks/${id}/finish`, { attempt: await claim(id), outcome: 'done' });
    await page.close();
  });
}

/** By keys alone: the menu opens, cancels, and leads to the page. */
async function keys(browser) {
  const alice = await someone(browser, 'alice');
  const id = await make('Send 1000 letters');
  const attempt = await claim(id);
  const page = await open(alice, '/jobs');
  await live(page);
  const reach = (what, selector) => tabTo(page, what, selector);
  await reach('the menu', `#task-${id} .row-menu > summary`);
  await page.keyboard.press('Enter');
  await reach('Cancel', `#task-${id} .row-sheet .button-danger`);
  await page.keyboard.press('Enter');
  await until('it is requested', async () => (await found(id)).job.cancel_requested);
  await tell(`/tasks/${id}/finish`, { attempt, outcome: 'cancelled' });
  await page.locator(`#task-${id}[data-status="cancelled"]`).waitFor();
  await reach('the job', `#task-${id} h3 a`);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/tasks/${id}`);
  await until('the chain is shown', async () => (await chain(page)).includes('Cancelled'));
}

await play({ cancelled, retried, many, paused, keys });
