/* A person's own page on a phone: what is held, correcting it, asking for deletion, and the code from the counter. */
import assert from 'node:assert/strict';
import { assertSound, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();

inBrowser('R022 a resident sees what is held, asks for a correction and finds the request', async () => {
	const tab = await site.open({ ...phone, lang: 'zh' });
	const { page } = tab;
	await page.goto(site.base + '/me');
	await assertSound(page, 'sign-in');
	await page.locator('#me-login').fill('resident1');
	await page.locator('#me-password').fill('gezhi-demo');
	await page.getByRole('button', { name: '登录' }).click();
	await page.locator('.me-list').first().waitFor();
	await assertSound(page, 'what is held');
	assert.match(await page.locator('.me-body').innerText(), /用途/);
	await page.getByRole('button', { name: /更正“姓名”/ }).click();
	await page.locator('#me-wanted').fill('新名');
	await assertSound(page, 'correcting');
	await page.getByRole('button', { name: '提交' }).click();
	await page.getByText('办理中').waitFor();
	await assertSound(page, 'requests');
	// a visit is confirmed, or not: somebody else looks into it
	const staff = await site.client('secretary1'), own = await site.client('resident1');
	const me = (await own.get('/api/self')).body.items[0].id as string;
	const plan = await staff.post('/api/care_plans', { target_kind: 'person', target_id: me, type: 'lone_elder', basis: '走访测试', law: '老年人权益保障法',
		expires: new Date(Date.now() + 90 * 86400000).toISOString().slice(0, 10), cycle_days: 30 });
	assert.equal(plan.status, 201, plan.text);
	assert.equal((await staff.post('/api/care_visits', { plan_id: plan.body.id, outcome: 'met' })).status, 201);
	await page.getByRole('tab', { name: '登记内容' }).click();
	await page.getByRole('button', { name: /：没有人来$/ }).first().waitFor();
	await assertSound(page, 'visits');
	page.on('dialog', (d) => void d.accept());
	await page.getByRole('button', { name: /：没有人来$/ }).first().click();
	await page.getByText('您说没有人来').waitFor();
	await page.getByRole('tab', { name: '谁查看过' }).click();
	await settled(page);
	await assertSound(page, 'readers');
	assert.deepEqual(tab.faults, []);
});

inBrowser('R022 an account of one’s own: asked for, the code made at the counter, opened', async () => {
	const staff = await site.client('secretary1');
	const where = (await staff.get('/api/buildings?limit=1')).body.items[0].place;
	const person = (await staff.post('/api/persons', { name: '孙长庚', id_no: '990101195003070017', phone: '13800002222', place: where })).body;
	const tab = await site.open({ ...phone, lang: 'en' });
	const { page } = tab;
	await page.goto(site.base + '/me');
	await page.getByRole('button', { name: 'Get an account' }).click();
	for (const [id, v] of [['name', '孙长庚'], ['id', '990101195003070017'], ['phone', '13800002222']] as const) await page.locator(`#mj-${id}`).fill(v);
	await assertSound(page, 'asking for a code');
	await page.getByRole('button', { name: 'Send' }).click();
	await page.getByText('Received.').waitFor();
	const desk = await site.open({ lang: 'en' });
	await site.signIn(desk, 'secretary1');
	const waits = (await staff.get('/api/data_requests?open=true')).body.items.find((m: { title: string }) => m.title === '本人页面开通申请');
	await desk.page.goto(`${site.base}/data_requests/${waits.id}`);
	await desk.page.getByRole('link', { name: 'The person' }).click();
	await desk.page.waitForURL(`**/registry/persons/${person.id}`);
	await desk.page.getByRole('button', { name: 'Code for the own page' }).click();
	await desk.page.getByLabel('I have seen their identity document').check();
	await desk.page.getByRole('button', { name: 'Make the code' }).click();
	const code = await desk.page.locator('.slip-code').innerText();
	await page.getByRole('radio', { name: 'Open the account' }).check();
	for (const [id, v] of [['code', code], ['login', 'changgeng'], ['password', 'long enough 1']] as const) await page.locator(`#mj-${id}`).fill(v);
	await assertSound(page, 'opening an account');
	await page.getByRole('button', { name: 'Open the account' }).click();
	await page.locator('.me-list').first().waitFor();
	assert.deepEqual([...tab.faults, ...desk.faults], []);
});

inBrowser('whose account it is not known to be is asked for a code', async () => {
	const tab = await site.open({ ...phone, lang: 'en' });
	const { page } = tab;
	const staff = await site.client('secretary1');
	const someone = (await staff.get('/api/persons?limit=1')).body.items[0];
	const made = await staff.request('POST', `/api/persons/${someone.id}/holder_code`);
	assert.equal(made.status, 201, made.text);
	await page.goto(site.base + '/me');
	await page.locator('#me-login').fill('duty1');
	await page.locator('#me-password').fill('gezhi-demo');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.locator('#me-code').fill('WRONG123');
	await page.getByRole('button', { name: 'Confirm' }).click();
	await page.getByRole('alert').waitFor();
	await page.locator('#me-code').fill(made.body.code);
	await page.getByRole('button', { name: 'Confirm' }).click();
	await page.locator('.me-list').first().waitFor();
	assert.deepEqual(tab.faults, []);
});
