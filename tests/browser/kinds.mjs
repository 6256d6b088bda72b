// Jobs of built-in kinds as people start and follow them: what would happen, how far it is as it goes, what came of it and
// its file. By pointer on a wide and on a narrow screen, without script, and by keys alone. MILEPOST_SCENE names one of the
// scenes below.
import { readFileSync } from 'node:fs';
import { ask, assert, live, open, post, someone, tabTo, until, url } from './milepost.mjs';
import { play } from './scene.mjs';

const bob = process.env.MILEPOST_BOB;
const isWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** The same for somebody with a wide screen, with a narrow one, and without script. */
async function screens(browser, scene) {
  const looks = { wide: {}, narrow: { viewport: { width: 360, height: 740 } }, 'without script': { javaScriptEnabled: false } };
  for (const [look, options] of Object.entries(looks)) {
    const alice = await someone(browser, 'alice', options);
    await scene({ alice, look, isLive: options.javaScriptEnabled !== false, page: await alice.newPage() });
    await alice.close();
  }
}

/** Notes each status and percent that the page shows from now on; a page that is loaded anew knows nothing of it. */
function watch(id) {
  const job = document.getElementById(`task-${id}`);
  window.seen = [[job.dataset.status, 0]];
  new MutationObserver(() => {
    const head = document.getElementById(`task-${id}`);
    if (!head) return;
    const now = [head.dataset.status, head.querySelector('progress')?.value ?? 0];
    if (window.seen.at(-1).join() !== now.join()) window.seen.push(now);
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}

/** Starts a job by `start`. Nobody takes it before its page has shown that it waits; then the page follows it to its end. */
async function followed({ alice, page, isLive }, kind, start) {
  await post(alice, '/jobs/limits', { what: 'kind', name: kind, paused: '1' });
  await start();
  await page.waitForURL(/\/tasks\/\d+$/);
  const id = /\d+$/.exec(page.url())[0];
  await page.locator(`#task-${id}[data-status="pending"]`).waitFor();
  if (isLive) {
    await live(page);
    await page.evaluate(watch, id);
  }
  await post(alice, '/jobs/limits', { what: 'kind', name: kind, paused: '0' });
  const done = page.locator(`#task-${id}[data-status="done"]`);
  if (isLive) {
    await done.waitFor();
    const seen = await page.evaluate(() => window.seen);
    assert.ok(seen.some(([status]) => status === 'in_progress'), `it was seen to run: ${JSON.stringify(seen)}`);
    const percents = seen.map(([, percent]) => percent);
    assert.ok(percents.every((percent, at) => at === 0 || percent >= percents[at - 1]), `forward only: ${percents}`);
  } else {
    await until('it is over', async () => { await page.reload(); return done.count(); });
  }
  assert.equal(await isWide(page), false, 'nothing stands out to the side');
  return id;
}

/** Takes a file from the job's page, where it stands without the page being loaded anew; gives its name and where it is. */
async function downloaded(page, name) {
  const link = page.locator('#files a', { hasText: name });
  await link.waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return { name: file.suggestedFilename(), path: await file.path() };
}

/** The rows of a CSV whose cells hold neither quotes nor line ends. */
const rowsOf = (path) => readFileSync(path, 'utf8').replace(/^\ufeff/, '').trim().split(/\r?\n/).map((line) => line.split(','));

async function assign(alice, title, more = {}) {
  await post(alice, '/assign', { title, assignee: bob, ...more });
}

/** What the history shows of tasks whose titles have this word: their titles, and another column by its number. */
async function history(alice, word, column) {
  const page = await open(alice, `/history?kind=assignment&q=${word}`);
  const rows = await page.locator('.history tbody tr').evaluateAll((all, at) => all.map((row) => [row.cells[0].innerText.trim(), row.cells[at].innerText.trim()]), column);
  await page.close();
  return Object.fromEntries(rows);
}
const priorities = (alice, word) => history(alice, word, 5);

/** From the history: what would happen, how it goes, and back again. */
async function bulk(browser) {
  await screens(browser, async (scene) => {
    const { alice, page, look } = scene;
    const word = `lamp${look.replace(' ', '')}`;
    for (let number = 1; number <= 120; number += 1) await assign(alice, `${word} ${number}`);
    await assign(alice, `${word} of the mole`, { priority: 'high' });
    await page.goto(`${url}/history?kind=assignment&q=${word}`);
    await page.getByRole('link', { name: 'Change all of these' }).click();
    await page.selectOption('#set_priority', 'high');
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    await page.getByText('It would be done to 120 of 121.').waitFor();
    await page.getByText('1 × It is so already.').waitFor();
    assert.match(await page.locator('.deeds tbody tr').nth(1).innerText(), /Medium[\s\S]*High/);
    assert.ok(!Object.values(await priorities(alice, word)).includes('Urgent'), 'so far it is only said');
    const id = await followed(scene, 'bulk-edit', () => page.getByRole('button', { name: /^Change/ }).click());
    if (scene.isLive) {
      const percents = (await page.evaluate(() => window.seen)).map(([, percent]) => percent);
      assert.ok(percents.some((percent) => percent > 0 && percent < 100), `the bar moved: ${percents}`);
    }
    assert.deepEqual([...new Set(Object.values(await priorities(alice, word)))], ['High']);
    await page.locator('#undo-changes').click();
    await page.getByText('It would be done to 120 of 120.').waitFor();
    await followed(scene, 'bulk-edit', () => page.locator('#preview form .button').first().click());
    const after = await priorities(alice, word);
    assert.equal(after[`${word} of the mole`], 'High', 'it was so before');
    assert.deepEqual([...new Set(Object.entries(after).filter(([title]) => !title.endsWith('mole')).map(([, is]) => is))], ['Medium']);
    // Nothing is left to undo.
    await page.goto(`${url}/tasks/${id}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await page.locator('#undo-changes').count(), 0);
  });
}

/** What the history shows, as a file that opens: a table by its text, a workbook by another program's reader. */
async function exported(browser) {
  await screens(browser, async (scene) => {
    const { alice, page, look } = scene;
    const word = `rope${look.replace(' ', '')}`;
    await assign(alice, `${word} one`, { description: 'Of hemp' });
    await assign(alice, `=1+1 ${word} two`);
    await assign(alice, 'Something else');
    for (const format of ['csv', 'xlsx']) {
      await page.goto(`${url}/history?kind=assignment&q=${word}`);
      await page.selectOption('#format', format);
      await followed(scene, 'export-history', () => page.getByRole('button', { name: 'Export these' }).click());
      const file = await downloaded(page, `.${format}`);
      assert.match(file.name, new RegExp(`^history-.*\\.${format}$`));
      const rows = format === 'csv' ? rowsOf(file.path) : JSON.parse(await ask(`rows ${file.path}`));
      assert.equal(rows.length, 3, 'a heading and what the filter shows');
      const titles = rows.slice(1).map((row) => row[rows[0].indexOf('Title')]).sort();
      assert.deepEqual(titles, [format === 'csv' ? `'=1+1 ${word} two` : `=1+1 ${word} two`, `${word} one`].sort());
    }
  });
}

/** Everything that was written, and where. */
async function searched(browser) {
  await screens(browser, async (scene) => {
    const { alice, page, look } = scene;
    const word = `seagull${look.replace(' ', '')}`;
    await assign(alice, `Feed the ${word}`, { description: `The ${word} is hungry.` });
    await assign(alice, 'Feed the cat');
    await page.goto(`${url}/history?q=${word}`);
    await page.getByRole('link', { name: 'Search everything, logs too' }).click();
    assert.equal(await page.inputValue('#q'), word, 'what was looked for is taken along');
    await followed(scene, 'search', () => page.getByRole('button', { name: 'Start' }).click());
    await until('the log counts them', async () => (await page.locator('#log').innerText()).includes('Found in 2 places'));
    const file = await downloaded(page, 'found');
    const [head, ...hits] = rowsOf(file.path);
    assert.equal(hits.length, 2);
    assert.deepEqual(hits.map((hit) => hit[head.indexOf('Where')]).sort(), ['Description', 'Title']);
    const link = hits[0][head.indexOf('Link')];
    await page.goto(new URL(link, url).href);
    await page.getByRole('heading', { name: `Feed the ${word}` }).waitFor();
  });
}

/** A table of one's own: columns named by hand, tried, brought in, and what is wrong mended and brought in again. */
async function table(browser) {
  await screens(browser, async (scene) => {
    const { alice, page, look } = scene;
    const word = `keel${look.replace(' ', '')}`;
    const bring = async (name, text) => {
      await page.goto(`${url}/jobs/new/import-tasks`);
      await page.setInputFiles('#file', { name, mimeType: 'text/csv', buffer: Buffer.from(text) });
      await page.getByRole('button', { name: 'Show what is in it' }).click();
      await page.getByRole('columnheader', { name: 'ref' }).waitFor();
      await page.getByLabel('ref', { exact: true }).selectOption({ label: 'External id' });
      await page.getByLabel('what', { exact: true }).selectOption({ label: 'Title' });
      await page.selectOption('#assignee', bob);
      assert.equal(await isWide(page), false, 'nothing stands out to the side');
    };
    const rows = `${word}-1,${word} one,high\n${word}-2,${word} two,low\n${word}-3,${word} three,tremendous\n`;
    await bring('work.csv', `ref,what,priority\n${rows}`);
    const trial = await followed(scene, 'import-tasks', () => page.getByRole('button', { name: 'Dry run' }).click());
    const told = await imported(page, trial);
    assert.deepEqual([told.made, told.failed], [2, 1]);
    assert.deepEqual(await priorities(alice, word), {}, 'so far it is only said');
    await page.getByRole('link', { name: 'Once more, with changes' }).click();
    assert.equal(await page.inputValue('#assignee'), bob);
    const id = await followed(scene, 'import-tasks', () => page.getByRole('button', { name: 'Import', exact: true }).click());
    assert.deepEqual(await imported(page, id), told, 'the trial said what came');
    const bad = await downloaded(page, '.csv');
    const mended = readFileSync(bad.path, 'utf8').replace('tremendous', 'urgent');
    assert.ok(mended.includes(`${word} three`) && !mended.includes(`${word} two`), mended);
    await bring('mended.csv', mended);
    const again = await followed(scene, 'import-tasks', () => page.getByRole('button', { name: 'Import', exact: true }).click());
    assert.equal((await imported(page, again)).made, 1);
    assert.deepEqual(await priorities(alice, word), { [`${word} one`]: 'High', [`${word} two`]: 'Low', [`${word} three`]: 'Urgent' });
  });
}

const board = (word) => Buffer.from(JSON.stringify({
  ...JSON.parse(readFileSync(new URL('../fixtures/trackers/trello.json', import.meta.url), 'utf8')), name: `Board ${word}`,
}));

/** The export of another tracker: looked at, tried, brought in. */
async function tracker(browser) {
  await screens(browser, async (scene) => {
    const { page } = scene;
    await page.goto(`${url}/jobs/new/import-tracker`);
    await page.setInputFiles('#file', { name: 'board.json', mimeType: 'application/json', buffer: board(scene.look) });
    await page.getByRole('button', { name: 'Show what is in it' }).click();
    await page.getByText(/^Trello · /).waitFor();
    const rows = await page.locator('[aria-labelledby="found"] tbody tr').count();
    assert.ok(rows > 0, 'what is in it is shown');
    assert.ok(await page.locator('#left').count(), 'what is left out is said');
    assert.equal(await isWide(page), false, 'nothing stands out to the side');
    await page.selectOption('#assignee', bob);
    const trial = await followed(scene, 'import-tracker', () => page.getByRole('button', { name: 'Dry run' }).click());
    const before = await imported(page, trial);
    // The trial's own form, filled in as it was.
    await page.getByRole('link', { name: 'Once more, with changes' }).click();
    assert.equal(await page.inputValue('#assignee'), bob);
    const id = await followed(scene, 'import-tracker', () => page.getByRole('button', { name: 'Import', exact: true }).click());
    assert.deepEqual(await imported(page, id), before, 'the trial said what came');
    const left = await downloaded(page, 'left-out.csv');
    assert.ok(rowsOf(left.path).length > 1);
  });
}

/** New, updated, skipped and failed, by the result on the job's page. */
async function imported(page, id) {
  assert.match(page.url(), new RegExp(`/tasks/${id}$`));
  const shown = page.locator('#contents pre').last();
  await until('its result is there', async () => (await shown.count()) && (await shown.innerText()).includes('"updated"'));
  const { new: made, updated, skipped, failed } = JSON.parse(await shown.innerText());
  return { made, updated, skipped, failed };
}

/** An address, kept in step with: first all is new, then nothing, then what was taken out is cancelled. */
async function feed(browser) {
  await screens(browser, async (scene) => {
    const { alice, page, look } = scene;
    const word = `buoy${look.replace(' ', '')}`;
    const run = async () => {
      await page.goto(`${url}/jobs/new/sync-feed`);
      await page.fill('#url', `${process.env.MILEPOST_FEED}/${word}.csv`);
      return followed(scene, 'sync-feed', () => page.getByRole('button', { name: 'Start' }).click());
    };
    const result = async () => JSON.parse(await page.locator('#contents pre').last().innerText());
    await ask(`feed id,title\\n1,${word} one\\n2,${word} two\\n3,${word} three\\n`);
    await run();
    await until('its result is there', async () => (await page.locator('#contents pre').last().innerText()).includes('"new"'));
    assert.equal((await result()).new, 3);
    await ask(`feed id,title\\n1,${word} one\\n2,${word} two\\n`);
    await run();
    await until('its result is there', async () => (await page.locator('#contents pre').last().innerText()).includes('"gone"'));
    assert.deepEqual([(await result()).new, (await result()).gone], [0, 1]);
    const statuses = await history(alice, word, 1);
    assert.deepEqual(statuses, { [`${word} one`]: 'Pending', [`${word} two`]: 'Pending', [`${word} three`]: 'Cancelled' });
    // What it cannot read it says, beside the field.
    await page.goto(`${url}/jobs/new/sync-feed`);
    await page.fill('#url', 'ftp://example.org/work.csv');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.locator('#url-error').waitFor();
    assert.equal(await page.inputValue('#url'), 'ftp://example.org/work.csv', 'what was typed stays');
  });
}

/** By keys alone: a file is brought and imported, then all that came is changed and changed back. */
async function keys(browser) {
  const alice = await someone(browser, 'alice');
  const page = await alice.newPage();
  const scene = { alice, page, isLive: true };
  const reach = (what, selector) => tabTo(page, what, selector);
  const press = async (what, selector) => { await reach(what, selector); await page.keyboard.press('Enter'); };
  await page.goto(`${url}/jobs/new/import-tracker`);
  await reach('the file', '#file');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')]);
  await chooser.setFiles({ name: 'board.json', mimeType: 'application/json', buffer: board('keys') });
  await press('Show what is in it', 'form .button-primary');
  await page.waitForURL(/task=/);
  await reach('who gets it', '#assignee');
  await page.keyboard.type('Bob');
  await followed(scene, 'import-tracker', () => press('Import', 'button[value="import"]'));
  await page.goto(`${url}/jobs/new/bulk-edit?kind=assignment`);
  await reach('the priority', '#set_priority');
  await page.keyboard.type('Urgent');
  await press('Show what would happen', 'button[name="show"]');
  await page.locator('#would').waitFor();
  await followed(scene, 'bulk-edit', () => press('Change', '#preview form .button-primary'));
  assert.deepEqual([...new Set(Object.values(await priorities(alice, '')))], ['Urgent']);
  await press('Undo', '#undo-changes');
  await page.locator('#would').waitFor();
  await followed(scene, 'bulk-edit', () => press('Undo', '#preview form .button'));
  assert.ok(!Object.values(await priorities(alice, '')).includes('Urgent'));
}

await play({ bulk, exported, searched, table, tracker, feed, keys });
