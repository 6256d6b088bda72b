// A half-typed note survives ten live updates to its own card, on one's own tasks and on the task's page,
// with the caret where it was, while the bar beside it moves. MILEPOST_TASK is one of Bob's tasks.
import { assert, complaints, live, open, post, someone, until, withBrowser } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;

async function typeWhileItMoves(page, alice, note) {
  await live(page);
  const field = page.locator(`form[action="/tasks/${task}/progress"] [name="note"]`).first();
  const fold = page.locator(`details:not([open]):has(form[action="/tasks/${task}/progress"] [name="note"]) > summary`).first();
  if (await fold.count()) await fold.click();
  await field.click();
  await field.pressSequentially(note);
  await field.press('ArrowLeft');
  const caret = await field.evaluate((element) => element.selectionStart);
  for (let step = 1; step <= 10; step += 1) {
    const percent = 30 + 3 * step + note.length % 2;
    await post(alice, `/tasks/${task}/progress`, { progress: String(percent), note: `from elsewhere ${step}` });
    await until(`update ${step} shows`, () => page.locator('progress').evaluateAll(
      (bars, value) => bars.some((bar) => Math.round(bar.value) === value), percent));
    assert.equal(await field.inputValue(), note, `after update ${step}`);
  }
  const now = await field.evaluate((element) => [element === document.activeElement, element.selectionStart]);
  assert.deepEqual(now, [true, caret], 'focus and caret stay');
  await field.press('Enter');
  await until('what was typed arrives', async () => {
    const answer = await alice.request.get(`${process.env.MILEPOST_URL}/tasks/${task}`);
    return (await answer.text()).includes(note);
  });
}

await withBrowser(async (browser) => {
  const bob = await someone(browser, 'bob');
  const alice = await someone(browser, 'alice');
  await typeWhileItMoves(await open(bob, '/tasks'), alice, 'half a thought');
  await typeWhileItMoves(await open(bob, `/tasks/${task}`), alice, 'another half');
  assert.deepEqual(complaints, []);
});
