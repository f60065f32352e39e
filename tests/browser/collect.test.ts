/* Collection in the browser: a round on the phone, a double merged and taken apart, a request decided, a move undone. */
import assert from 'node:assert/strict';
import { ok } from '../http/lib/district.ts';
import { assertSound, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();

inBrowser('R022 on the phone what is due is confirmed, and only a difference is entered', async () => {
	const tab = await site.open({ ...phone, lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'grid1');
	await page.goto(site.base + '/collect');
	await settled(page);
	await assertSound(page, 'rounds');
	await page.locator('main h2 a').first().click();
	await page.locator('.ro-list button').first().waitFor();
	const before = await page.locator('.ro-list li').count();
	await page.locator('.ro-list button').first().click();
	await page.locator('.ck-facts dd').first().waitFor();
	await assertSound(page, 'check card');
	await page.getByRole('button', { name: 'All correct' }).click();
	// the next one is open already
	await page.waitForFunction((n) => document.querySelectorAll('.ro-list li').length === n - 1, before);
	await page.getByRole('button', { name: 'Something changed' }).click();
	await page.locator('#rf-residence_kind').selectOption({ index: 3 });
	await page.getByRole('button', { name: 'Save the changes' }).click();
	await page.waitForFunction((n) => document.querySelectorAll('.ro-list li').length === n - 2, before);
	assert.deepEqual(tab.faults, []);
});

inBrowser('R022 a double is compared and merged, and the merge taken back', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	await page.goto(site.base + '/collect/duplicates');
	await settled(page);
	await page.locator('.co-list a').first().click();
	await page.locator('.cmp tbody tr').first().waitFor();
	await settled(page);
	await assertSound(page, 'side by side');
	await page.getByRole('button', { name: 'Merge' }).click();
	await page.waitForURL('**/collect/duplicates?kind=person');
	await page.getByRole('button', { name: 'Undo the merge' }).first().click();
	await page.locator('.badge', { hasText: 'undone' }).first().waitFor();
	for (const kind of ['Rooms', 'People']) await page.getByRole('button', { name: kind, exact: true }).click();
	await page.getByRole('button', { name: 'Across areas' }).click();
	await page.getByText('Merged by the level above').first().waitFor();
	await settled(page);
	await assertSound(page, 'across areas');
	assert.deepEqual(tab.faults, []);
});

inBrowser('R022 a request shows what differs and is decided by another; a move is undone from its message', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	await page.goto(site.base + '/collect/changes');
	await page.locator('.co-list a').first().click();
	await page.locator('.md-table tbody tr').first().waitFor();
	await settled(page);
	await assertSound(page, 'change request');
	await page.getByRole('button', { name: /^Approve/ }).click();
	await page.getByText('Decided; the values are no longer kept').waitFor();
	const c = await site.client('secretary1');
	const home = ok(await c.get('/api/households', { limit: 1, active: true })).items[0];
	await page.goto(`${site.base}/registry/households/${home.id}`);
	await page.getByRole('button', { name: 'Move', exact: true }).click();
	await page.locator('#move-form fieldset input').first().check();
	await assertSound(page, 'move dialog');
	await page.locator('dialog button[form]').click();
	await page.getByRole('button', { name: 'Undo', exact: true }).click();
	await page.getByText('The move was undone').waitFor();
	assert.deepEqual(tab.faults, []);
});
