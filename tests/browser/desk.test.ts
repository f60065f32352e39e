/* The desk: signing in, the main path of an event, lists, keyboard, and every page sound on both sizes. */
import assert from 'node:assert/strict';
import { ok, report } from '../http/lib/district.ts';
import { assertSound, desktop, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();
const pages = ['/', '/inbox', '/events', '/events/new', '/tasks', '/map', '/places', '/kpi', '/help', '/account'];
const adminPages = ['/admin', '/admin/event_codes', '/admin/units', '/admin/users', '/admin/calendar', '/party'];

inBrowser('a wrong password is named and nothing is lost', async () => {
	const { page } = await site.open({ lang: 'en' });
	await page.goto(site.base + '/signin');
	await page.locator('#login').fill('duty1');
	await page.locator('#password').fill('wrong');
	await page.locator('form button.primary').click();
	await page.getByRole('alert').waitFor();
	assert.match(await page.getByRole('alert').innerText(), /Wrong account or password/);
	assert.equal(await page.locator('#login').inputValue(), 'duty1');
	await assertSound(page, 'sign-in');
});

inBrowser('whoever comes when everybody signs in waits a turn and gets in', async () => {
	const { page } = await site.open({ lang: 'en' });
	let away = 2;
	await page.route('**/api/session', (r) =>
		r.request().method() === 'POST' && away-- > 0
			? r.fulfill({ status: 429, json: { error: { code: 'auth.busy', message: 'too many people are signing in at once' } } })
			: r.fallback());
	await page.goto(site.base + '/signin');
	await page.locator('#login').fill('duty1');
	await page.locator('#password').fill('gezhi-demo');
	await page.locator('form button.primary').click();
	await page.getByText('You are in the queue').waitFor();
	await page.locator('.shell').waitFor();
});

inBrowser('a page behind the sign-in comes back after it', async () => {
	const tab = await site.open();
	await tab.page.goto(site.base + '/events?state=reported');
	await tab.page.locator('#login').fill('duty1');
	await tab.page.locator('#password').fill('gezhi-demo');
	await tab.page.locator('form button.primary').click();
	await tab.page.waitForURL('**/events?state=reported');
});

// Colours are the same on every page of a kind: three pages show them all in the dark.
for (const [name, options, list] of [['desk', { ...desktop, lang: 'zh' }, pages],
	['phone', { ...phone, lang: 'en' }, pages],
	['dark', { ...desktop, colorScheme: 'dark', lang: 'en' }, ['/', '/inbox', '/events']]] as const) {
	inBrowser(`every page is sound (${name})`, async () => {
		const tab = await site.open({ ...options });
		await site.signIn(tab, 'duty1');
		for (const path of list) {
			await tab.page.goto(site.base + path);
			await settled(tab.page);
			await assertSound(tab.page, path);
		}
		assert.deepEqual(tab.faults, []);
	});
}

inBrowser('administration is sound', async () => {
	const tab = await site.open();
	await site.signIn(tab, 'admin');
	for (const path of adminPages) {
		await tab.page.goto(site.base + path);
		await settled(tab.page);
		await assertSound(tab.page, path);
	}
	assert.deepEqual(tab.faults, []);
});

inBrowser('R027 an event is registered, accepted and dispatched from the desk', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await page.goto(site.base + '/events/new');
	await page.locator('#nw-title').fill('Manhole cover broken at gate 3');
	await page.locator('#nw-code').selectOption('MS29');
	await page.locator('#nw-place').fill('第1网格');
	await page.locator('[role=listbox] [role=option]:visible', { hasText: '第1网格' }).first().waitFor();
	await page.locator('#nw-place').press('Enter');
	await page.getByRole('button', { name: 'Register', exact: true }).click();
	await page.waitForURL(/\/events\/\d+$/);
	await settled(page);
	await assertSound(page, 'event page');
	await page.locator('.mv-btns').getByRole('button', { name: /^Accept/ }).click();
	await page.locator('dialog button[form]').click();
	await page.locator('.mv-head .badge', { hasText: 'Accepted' }).waitFor();
	await page.locator('.mv-btns').getByRole('button', { name: /^Dispatch/ }).click();
	await assertSound(page, 'dispatch dialog');
	await page.locator('#act-unit_id').click();
	await page.locator('[role=listbox] [role=option]:visible').first().waitFor();
	await page.locator('#act-unit_id').press('Enter');
	await page.locator('dialog button[form]').click();
	await page.locator('.mv-head .badge', { hasText: 'Dispatched' }).waitFor();
	assert.match(await page.locator('.timeline').innerText(), /Dispatch[\s\S]*Accept[\s\S]*Report/);
	assert.deepEqual(tab.faults, []);
});

inBrowser('filters live in the address and survive a reload', async () => {
	const tab = await site.open();
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await page.goto(site.base + '/events');
	await settled(page);
	await page.locator('#f-state').selectOption('reported');
	await page.waitForURL(/state=reported/);
	await settled(page);
	await page.reload();
	await settled(page);
	assert.equal(await page.locator('#f-state').inputValue(), 'reported');
	const states = await page.locator('.dt tbody .badge').allInnerTexts();
	assert.ok(states.length > 0 && states.every((s) => s === '待受理'), states.join());
});

inBrowser('many are accepted at once, and it is taken back', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	const duty = await site.client('duty1');
	for (const title of ['Lamp out', 'Lid open']) await report(duty, { title });
	await page.goto(site.base + '/events?state=reported');
	await settled(page);
	await page.locator('.dt tbody input[type=checkbox]').nth(0).check();
	await page.locator('.dt tbody input[type=checkbox]').nth(1).check();
	await page.getByRole('region', { name: 'Bulk actions' }).getByRole('button', { name: 'Accept' }).click();
	await page.locator('.toast', { hasText: '2 done' }).waitFor();
	await page.locator('.toast .t-undo').click();
	await page.locator('.toast', { hasText: '2 undone' }).waitFor();
});

inBrowser('the keyboard is enough', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await settled(page);
	await page.keyboard.press('g');
	await page.keyboard.press('e');
	await page.waitForURL('**/events');
	await settled(page);
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	assert.equal(await page.evaluate(() => document.activeElement?.closest('tr')?.rowIndex), 2);
	await page.keyboard.press('x');
	await page.getByText('1 selected').waitFor();
	await page.keyboard.press('/');
	assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('type')), 'search');
	await page.keyboard.press('Escape');
	await page.keyboard.press('?');
	await page.getByRole('dialog').waitFor();
	await assertSound(page, 'keyboard help');
	await page.keyboard.press('Escape');
	await page.keyboard.press('j');
	await page.keyboard.press('Enter');
	await page.waitForURL(/\/events\/\d+$/);
});

inBrowser('the map draws places and events', async () => {
	const tab = await site.open();
	await site.signIn(tab, 'duty1');
	await tab.page.goto(site.base + '/map');
	await tab.page.locator('.mapp-canvas[data-ready]').waitFor({ timeout: 30000 });
	await tab.page.locator('.mapp-list li').first().waitFor();
	assert.deepEqual(tab.faults, []);
});

inBrowser('R035 a figure opens the matters behind it', async () => {
	const tab = await site.open();
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await page.goto(site.base + '/kpi/on_time_rate');
	await settled(page);
	await page.locator('.dt tbody tr').first().waitFor();
	await assertSound(page, 'indicator');
	await page.locator('.dt [data-row-link]').first().click();
	await page.waitForURL(/\/events\/\d+$/);
});

inBrowser('an edit of the rules is previewed before it is written', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'admin');
	const admin = await site.client('admin');
	const nameNow = async () => ok(await admin.get('/api/event_codes?code=MS29')).items[0].name_en as string;
	const was = await nameNow();
	await page.goto(site.base + '/admin/event_codes?code=MS29');
	await settled(page);
	await page.locator('.dt tbody [data-row-link]').first().click();
	await page.locator('#ef-name_en').fill('Manhole covers');
	await page.getByRole('button', { name: 'Preview the change' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByText('This will change').waitFor();
	assert.match(await dialog.innerText(), new RegExp(`${was}\\s*→\\s*Manhole covers`));
	assert.match(await dialog.innerText(), /\d+ open matters are concerned[\s\S]*Running clocks keep their deadlines/);
	await assertSound(page, 'preview');
	assert.equal(await nameNow(), was);
	await page.getByRole('button', { name: 'Confirm' }).click();
	await page.locator('.toast', { hasText: 'Saved' }).waitFor();
	assert.equal(await nameNow(), 'Manhole covers');
	assert.deepEqual(tab.faults, []);
});
