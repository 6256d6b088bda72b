// Behind an nginx that is told to hold back even what asks not to be: the page says so, in words, and moves all the same.
// MILEPOST_TASK is one of Bob's tasks.
import { assert, complaints, open, post, someone, until, withBrowser } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;

await withBrowser(async (browser) => {
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  const page = await open(alice, '/monitor');
  const light = page.locator('#light[data-state="delayed"]');
  await light.waitFor();
  const words = (await light.innerText()).trim();
  assert.ok(words.length > 0, 'the light has words');
  for (const percent of [20, 40, 60]) {
    await post(bob, `/tasks/${task}/progress`, { progress: String(percent) });
    await until(`${percent} % shows`, () => page.locator(`#task-${task} progress`).first().evaluate(
      (bar, value) => Math.round(bar.value) === value, percent));
  }
  assert.deepEqual(complaints, []);
  console.log(`"${words}", and three updates came`);
});
