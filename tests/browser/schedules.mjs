// Alice makes a schedule: while she types, its expression is said in words with the next five slots; without script a
// button says the same. Then she runs it, pauses it and deletes it.
import { assert, complaints, open, someone, until, url, withBrowser } from './milepost.mjs';

const words = 'Every 20 minutes from 08:00 to 17:59, Sunday to Thursday';

async function typed(page) {
  const preview = page.locator('#preview');
  assert.match(await preview.innerText(), /At 09:00, Monday to Friday/);
  await page.fill('#title', 'Letters of {date}');
  await page.fill('#job_kind', 'letters');
  await page.fill('#cron', '*/20 8-17 * * SUN-THU');
  await page.fill('#zone', 'Asia/Tokyo');
  return preview;
}

async function withScript(alice) {
  const page = await open(alice, '/schedules/new?what=own');
  const preview = await typed(page);
  await until('the words are there', async () => (await preview.innerText()).includes(words) && (await preview.innerText()).includes('Asia/Tokyo'));
  assert.equal(await preview.locator('tbody tr').count(), 5);
  assert.equal(await page.inputValue('#title'), 'Letters of {date}', 'what was typed stays');
  await page.locator('#cron').fill('61 * * * *');
  await until('what is wrong is told', async () => (await preview.innerText()).includes('61 is not understood as minutes'));
  await page.locator('#cron').fill('*/20 8-17 * * SUN-THU');
  await until('the words are there again', async () => (await preview.innerText()).includes(words));
  await page.getByRole('button', { name: 'Make schedule' }).click();
  await page.waitForURL(/\/schedules\/\d+$/);
  await until('its page says it', async () => (await page.locator('#main').innerText()).includes(words));
  return page;
}

async function withoutScript(browser) {
  const alice = await someone(browser, 'alice', { javaScriptEnabled: false });
  const page = await open(alice, '/schedules/new?what=own');
  await typed(page);
  await page.getByRole('button', { name: 'Check' }).click();
  const preview = page.locator('#preview');
  assert.ok((await preview.innerText()).includes(words));
  assert.equal(await preview.locator('tbody tr').count(), 5);
  assert.equal(await page.inputValue('#job_kind'), 'letters', 'what was typed stays');
  await page.getByRole('button', { name: 'Make schedule' }).click();
  assert.match(page.url(), /\/schedules\/\d+$/);
}

await withBrowser(async (browser) => {
  const alice = await someone(browser, 'alice');
  const page = await withScript(alice);
  await page.getByRole('button', { name: 'Run now' }).click();
  await until('the run is there', async () => (await page.locator('.runs').innerText()).includes('By hand'));
  await page.getByRole('button', { name: 'Pause' }).click();
  await until('it is paused', async () => (await page.locator('.page-head').innerText()).includes('Paused'));
  await page.goto(`${url}/schedules`);
  assert.equal(await page.locator('.schedule-row[data-paused]').count(), 1);
  await page.locator('.schedule-row h2 a').click();
  await page.getByRole('link', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await until('it is gone', async () => (await page.locator('#main').innerText()).includes('Nothing happens by the calendar yet'));
  await withoutScript(browser);
  assert.deepEqual(complaints, []);
});
