/*
 * A browser for tests: Debian's chromium, pages that note every error, refusal and foreign request, and
 * axe on what is shown. GEZHI_BROWSER_URL tests a server that already runs instead of starting one.
 * Without a program that makes the demo every test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type Client, demoPassword, Server, signedIn } from '../http/lib/server.ts';
import { bin, gezhi } from '../http/lib/store.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const args = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
	'--disable-gpu-rasterization', '--disable-gpu-compositing', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

const testSeconds = 300;

export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const givenUrl = process.env['GEZHI_BROWSER_URL'] ?? '';

function missing(): string | false {
	if (givenUrl !== '') return false;
	if (!existsSync(bin)) return 'the server is not built';
	if (!/^ +demo /m.test(gezhi(['--help']).stdout)) return 'this server makes no demo yet';
	return false;
}

/** Why nothing can be tried in a browser, or false. */
export const skip = missing();

/** A test that needs the site. */
export function inBrowser(name: string, run: () => Promise<void>): void {
	void test(name, { skip, timeout: testSeconds * 1000 }, run);
}

export interface Tab {
	page: Page;
	context: BrowserContext;
	/** What went wrong so far: page errors, console errors, 5xx, other hosts. */
	faults: string[];
}

export interface Site {
	readonly base: string;
	open(options?: BrowserContextOptions & { lang?: 'zh' | 'en' }): Promise<Tab>;
	signIn(tab: Tab, login: string): Promise<void>;
	/** Somebody who asks the interface itself, beside the page. */
	client(login: string): Promise<Client>;
}

/** One server and one browser for the whole file. */
export function useSite(): Site {
	let server: Server | undefined;
	let browser: Browser;
	let base = givenUrl;
	const open: BrowserContext[] = [];
	before(async () => {
		if (skip !== false) return;
		if (base === '') {
			server = await Server.start();
			base = server.base;
		}
		browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
	});
	after(async () => {
		await Promise.all(open.map((c) => c.close()));
		await browser?.close();
		await server?.stop();
	});
	return {
		get base() {
			return base;
		},
		async open(options = {}) {
			const { lang, ...rest } = options;
			const context = await browser.newContext({ ...desktop, ...rest });
			open.push(context);
			if (lang !== undefined) await context.addInitScript((l) => localStorage.setItem('gezhi.lang', l), lang);
			const page = await context.newPage();
			return { page, context, faults: watch(page, base) };
		},
		async signIn(tab, login) {
			await tab.page.goto(base + '/signin');
			await tab.page.locator('#login').fill(login);
			await tab.page.locator('#password').fill(demoPassword);
			await tab.page.locator('form button.primary').click();
			await tab.page.locator('.shell').waitFor();
		},
		client: (login) => signedIn(base, login),
	};
}

function watch(page: Page, base: string): string[] {
	const faults: string[] = [];
	page.on('pageerror', (e) => faults.push(`error: ${e.message}`));
	page.on('console', (m) => {
		// A refused request is the page's to show; the status itself is checked below.
		if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) faults.push(`console: ${m.text()}`);
	});
	page.on('response', (r) => {
		if (r.status() >= 500) faults.push(`${r.status()} ${r.url()}`);
	});
	page.on('request', (r) => {
		if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) faults.push(`other host: ${r.url()}`);
	});
	return faults;
}

/** Waits until nothing loads any more: no skeleton, no busy table. */
export async function settled(page: Page): Promise<void> {
	await page.waitForLoadState('domcontentloaded');
	await page.waitForFunction(() => document.querySelector('h1, h2') !== null
		&& document.querySelector('.skeleton, [aria-busy="true"]') === null, undefined, { timeout: 20000 });
}

/** No axe violation and no sideways scrolling. */
export async function assertSound(page: Page, what: string): Promise<void> {
	await page.evaluate(axeSource);
	const found = await page.evaluate(async () => {
		const axe = (window as unknown as { axe: { run(c: Document, o: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> } }).axe;
		const r = await axe.run(document, { resultTypes: ['violations'] });
		return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')}`);
	});
	assert.deepEqual(found, [], `axe on ${what}`);
	const [over, wide] = await page.evaluate(() => {
		const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
		return [document.documentElement.scrollWidth - innerWidth, out.slice(-3).map((e) => `${e.tagName}.${e.className}`)];
	});
	assert.ok(over <= 0, `${what} is ${over} px wider than the screen: ${wide.join(', ')}`);
}
