/*
 * Draws the pictures of the documents again, from a running server with a demo district:
 *
 *     make run &
 *     node tests/browser/pictures.ts [http://localhost:8080] [folder, docs/img when not given] [names of pictures]
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { demoPassword } from '../http/lib/server.ts';

const base = process.argv[2] ?? 'http://localhost:8080';
const only = process.argv.slice(4);
const folder = process.argv[3] ?? resolve(import.meta.dirname, '../../docs/img');
const args = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const wide = { viewport: { width: 1360, height: 850 } };
const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

interface Picture {
	name: string;
	login?: string;
	lang: 'zh' | 'en';
	path: string;
	screen?: BrowserContextOptions;
	/** What to do before, and how long the page needs to come to rest. */
	before?: (page: Page) => Promise<void>;
	rest?: number;
}

const openFirst = async (page: Page): Promise<void> => {
	await page.locator('[data-row-link]').first().click();
	await page.locator('.mv-btns, .timeline').first().waitFor();
};

const openBuilding = async (page: Page): Promise<void> => {
	await page.locator('[data-row-link]').first().click();
	await page.locator('.bf').waitFor();
};

const openImport = async (page: Page): Promise<void> => {
	const rows = ['姓名,性别,身份证号,手机,所在网格,备注', '周明,男,,13800001111,第1网格,', '吴芳,女,110101199003071235,13800002222,第1网格,'];
	await page.locator('.page-head .btn').nth(2).click();
	await page.locator('#im-file').setInputFiles({ name: '人员.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
	await page.locator('dialog .badge').first().waitFor();
};

/** A plan for the first flagged grid, made as its button would. */
const proposeFirst = async (page: Page): Promise<void> => {
	await page.locator('table .btn').first().click();
	await page.locator('dialog input[value="repartition"]').check();
	await page.locator('dialog button[form]').click();
	await page.locator('.gp-canvas[data-ready]').waitFor();
};

const openCheck = async (page: Page): Promise<void> => {
	await page.locator('main h2 a').first().click();
	await page.locator('.ro-list button').first().click();
	await page.locator('.ck-facts dd').first().waitFor();
};
const openPair = async (page: Page): Promise<void> => {
	await page.locator('.co-list a').first().click();
	await page.locator('.cmp tbody tr').first().waitFor();
};

const pictures: Picture[] = [
	{ name: 'inbox', login: 'duty1', lang: 'zh', path: '/inbox' },
	{ name: 'inbox-en', login: 'duty1', lang: 'en', path: '/inbox' },
	{ name: 'events', login: 'duty1', lang: 'zh', path: '/events' },
	{ name: 'event', login: 'duty1', lang: 'zh', path: '/events?state=checking', before: openFirst },
	{ name: 'event-en', login: 'duty1', lang: 'en', path: '/events?state=checking', before: openFirst },
	{ name: 'map', login: 'district', lang: 'zh', path: '/map', rest: 20000 },
	{ name: 'atlas', login: 'duty1', lang: 'zh', path: '/map?layers=buildings,venues,visits,workforce&figure=buildings', rest: 8000,
		before: async (page) => {
			await page.locator('.mapp-canvas[data-ready]').waitFor();
			await page.getByRole('button', { name: '当前视图' }).click();
		} },
	{ name: 'places', login: 'district', lang: 'zh', path: '/places' },
	{ name: 'plan', login: 'admin', lang: 'zh', path: '/planner', before: proposeFirst, rest: 8000 },
	{ name: 'indicators', login: 'district', lang: 'zh', path: '/kpi' },
	{ name: 'new-event', login: 'duty1', lang: 'zh', path: '/events/new' },
	{ name: 'administration', login: 'admin', lang: 'zh', path: '/admin/event_codes' },
	{ name: 'calendar', login: 'admin', lang: 'zh', path: '/admin/calendar' },
	{ name: 'registry', login: 'secretary1', lang: 'zh', path: '/registry' },
	{ name: 'building', login: 'secretary1', lang: 'zh', path: '/registry/buildings', before: openBuilding },
	{ name: 'building-en', login: 'secretary1', lang: 'en', path: '/registry/buildings', before: openBuilding },
	{ name: 'import', login: 'secretary1', lang: 'zh', path: '/registry/persons', before: openImport },
	{ name: 'visits', login: 'grid1', lang: 'zh', path: '/visits', screen: narrow },
	{ name: 'visits-en', login: 'grid1', lang: 'en', path: '/visits', screen: narrow },
	{ name: 'coverage', login: 'secretary1', lang: 'zh', path: '/visits/coverage' },
	{ name: 'check', login: 'grid1', lang: 'zh', path: '/collect', screen: narrow, before: openCheck },
	{ name: 'check-en', login: 'grid1', lang: 'en', path: '/collect', screen: narrow, before: openCheck },
	{ name: 'compare', login: 'secretary1', lang: 'zh', path: '/collect/duplicates', before: openPair },
	{ name: 'compare-en', login: 'secretary1', lang: 'en', path: '/collect/duplicates', before: openPair },
	{ name: 'report', lang: 'zh', path: '/report', screen: narrow },
	{ name: 'phone', login: 'duty1', lang: 'zh', path: '/inbox', screen: narrow },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
for (const p of pictures.filter((x) => only.length === 0 || only.includes(x.name))) {
	const context = await browser.newContext({ ...wide, ...p.screen });
	await context.addInitScript((l) => localStorage.setItem('gezhi.lang', l), p.lang);
	const page = await context.newPage();
	if (p.login !== undefined) {
		await page.goto(base + '/signin');
		await page.locator('#login').fill(p.login);
		await page.locator('#password').fill(demoPassword);
		await page.locator('form button.primary').click();
		await page.locator('.shell').waitFor();
	}
	await page.goto(base + p.path);
	await page.waitForTimeout(2000);
	await p.before?.(page);
	await page.waitForTimeout(p.rest ?? 1500);
	await page.screenshot({ path: join(folder, p.name + '.png') });
	console.log(p.name);
	await context.close();
}
await browser.close();
