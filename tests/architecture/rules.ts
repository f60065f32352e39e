/*
 * The project's own rules about its source, each a function from files to findings. They look at text
 * only (layers, banned calls, sizes, SQL's place, what must not be committed); what the compilers and
 * analysers can see is left to them. Where a rule has an exception, the exception is listed beside it,
 * and one that nothing needs any more is itself a finding.
 */
export interface File {
	path: string;
	text: string;
}

export interface Finding {
	path: string;
	line: number;
	message: string;
}

export type Rule = (files: File[]) => Finding[];

const isC = (f: File): boolean => /\.[ch]$/.test(f.path);
/** Tests, and what only they use beside the code: stores to test on, faked layers above, fuzz targets. */
export const isTest = (path: string): boolean =>
	/_test\.[ch]$|_fake\.[ch]$|(^|\/)test_\w+\.[ch]$|\/fuzz\/|^tests\//.test(path);
const inSrc = (f: File): boolean => isC(f) && f.path.startsWith('src/');
const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;

/** Blanks comments, and with `strings` also what stands in quotes; every line keeps its number. */
export function strip(text: string, strings = true): string {
	const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
	return text.replace(token, (t) => {
		if (t.startsWith('/')) return t.replace(/[^\n]/g, ' ');
		return strings ? t[0] + ' '.repeat(Math.max(0, t.length - 2)) + t[0] : t;
	});
}

/** Every match of the pattern in each file, as findings. */
function each(files: File[], pattern: RegExp, message: (m: RegExpMatchArray, f: File) => string | null,
	prepare: (text: string) => string = strip): Finding[] {
	const found: Finding[] = [];
	for (const f of files) {
		const text = prepare(f.text);
		for (const m of text.matchAll(pattern)) {
			const said = message(m, f);
			if (said !== null) found.push({ path: f.path, line: lineAt(text, m.index), message: said });
		}
	}
	return found;
}

// --- layers --------------------------------------------------------------------------------------

const layers = ['base', 'db', 'http', 'core', 'mod', 'main'];

export const includes: Rule = (files) => {
	const known = new Set(files.map((f) => f.path));
	const check = (m: RegExpMatchArray, f: File): string | null => {
		const target = m[1] as string;
		const [toLayer = '', toMod = ''] = target.split('/');
		const [, fromLayer = '', fromMod = ''] = f.path.split('/');
		if (!target.includes('/')) // what the build generates has no folder
			return known.has(f.path.replace(/[^/]*$/, target)) ? `write "${target}" from src/` : null;
		const rank = layers.indexOf(toLayer);
		if (rank < 0) return `"${target}" is in no layer`;
		if (rank > layers.indexOf(fromLayer)) return `${fromLayer} must not include ${toLayer} ("${target}")`;
		if (isTest(f.path) && isTest(target)) return null; // helpers of tests serve other modules' tests
		if (toLayer === 'mod' && fromLayer === 'mod' && toMod !== fromMod && target !== `mod/${toMod}/${toMod}.h`)
			return `${fromMod} may include of ${toMod} only mod/${toMod}/${toMod}.h`;
		return null;
	};
	return each(files.filter(inSrc), /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm, check, (t) => strip(t, false));
};

/** In the web: shared knows no feature, and a feature another one only by its index. */
export const webImports: Rule = (files) => {
	const web = files.filter((f) => /^web\/src\/.*\.(ts|vue)$/.test(f.path));
	const check = (m: RegExpMatchArray, f: File): string | null => {
		const target = resolveWeb(f.path, m[1] as string);
		if (target === null) return null;
		const [to, toFeature, ...rest] = target.split('/');
		const [from, fromFeature] = f.path.slice('web/src/'.length).split('/');
		if (from === 'shared' && (to === 'features' || to === 'app')) return `shared must not import ${to}`;
		if (from !== 'features' || to !== 'features' || toFeature === fromFeature) return null;
		const file = rest.join('/');
		return file === '' || /^index(\.ts)?$/.test(file) ? null
			: `${fromFeature} may import ${toFeature} only by its index`;
	};
	return each(web, /\bfrom\s+['"]([^'"]+)['"]/g, check, (t) => t);
};

function resolveWeb(from: string, spec: string): string | null {
	if (spec.startsWith('@/')) return spec.slice(2);
	if (!spec.startsWith('.')) return null;
	const parts = from.split('/').slice(2, -1);
	for (const p of spec.split('/')) {
		if (p === '..') parts.pop();
		else if (p !== '.') parts.push(p);
	}
	return parts.join('/');
}

// --- what C code must not call or keep -----------------------------------------------------------

const banned = ['strcpy', 'strcat', 'sprintf', 'vsprintf', 'atoi', 'atol', 'atoll', 'atof', 'strtok', 'gets',
	'localtime', 'gmtime', 'asctime', 'ctime', 'system', 'popen', 'rand', 'srand', 'alloca', 'setjmp', 'longjmp'];
const printing = ['printf', 'fprintf', 'vprintf', 'vfprintf', 'dprintf', 'vdprintf', 'puts', 'putchar'];

// Says what the misuse was before it aborts.
const printers = ['src/db/db.c'];

export const bannedCalls: Rule = (files) => {
	const pattern = new RegExp(`(?<![\\w.>])(${[...banned, ...printing].join('|')})\\s*\\(`, 'g');
	return each(files.filter(isC), pattern, (m, f) => {
		const name = m[1] as string;
		if (banned.includes(name)) return `${name} is banned`;
		const may = isTest(f.path) || !f.path.startsWith('src/') || f.path.startsWith('src/main/') ||
			printers.includes(f.path);
		return may ? null : `${name} only in main: others return, or log`;
	});
};

/** A line of a macro (the one before ends with a backslash) may define a static function. */
export const staticLocals: Rule = (files) =>
	each(files.filter(inSrc), /(?<!\\\n)^\t+static\s+(?!const\b)/gm, () => 'no static locals');

// --- sizes ---------------------------------------------------------------------------------------

export const fileLinesMax = 800;
export const functionLinesMax = 60;
export const fileBytesMax = 1 << 20;

const code = /\.(c|h|ts|vue|css)$/;
const generated = /^web\/src\/generated\//;

export const fileLength: Rule = (files) =>
	files.filter((f) => code.test(f.path) && !generated.test(f.path)).flatMap((f) => {
		const n = f.text.split('\n').length - 1;
		return n > fileLinesMax ? [{ path: f.path, line: n, message: `${n} lines, at most ${fileLinesMax}` }] : [];
	});

/** Lines between a function's braces, which stand in the first column. */
export const functionLength: Rule = (files) =>
	files.filter((f) => f.path.endsWith('.c')).flatMap((f) => {
		const found: Finding[] = [];
		let open = -1;
		f.text.split('\n').forEach((line, i) => {
			if (line === '{') open = i;
			else if (line.startsWith('}') && open >= 0) {
				const n = i - open - 1;
				if (n > functionLinesMax)
					found.push({ path: f.path, line: open, message: `function of ${n} lines, at most ${functionLinesMax}` });
				open = -1;
			}
		});
		return found;
	});

// --- SQL has its place ---------------------------------------------------------------------------

const sqlPlaces = /_db\.c$|^src\/(db|core)\/|^(tools|bench)\//;
// Puts its lists together from pieces, by the builder.
const sqlBuilders = ['src/mod/kpi/kpi_cases.c'];

export const sqlPlace: Rule = (files) =>
	each(files.filter((f) => isC(f) && !sqlPlaces.test(f.path) && !sqlBuilders.includes(f.path) && !isTest(f.path)),
		/"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX)\s|WITH\s+\w+\s+AS\s)/g,
		() => 'SQL stands in *_db.c, db, core and migrations only', (t) => strip(t, false));

// --- what must not be committed ------------------------------------------------------------------

// Written in pieces: this file is looked at too.
const unwanted: [RegExp, string][] = [
	[new RegExp('BEGIN [A-Z ]*PRIVATE' + ' KEY'), 'a private key'],
	[new RegExp('\\b(AKIA|ASIA)' + '[0-9A-Z]{16}\\b'), 'an access key'],
	[new RegExp('\\b(ghp|gho|ghs|github_pat|npm|glpat)' + '[_-][A-Za-z0-9_]{20,}'), 'a token'],
	[new RegExp('_auth' + 'Token\\s*='), 'a registry token'],
	[new RegExp('registry\\.' + '(npmjs|yarnpkg|npmmirror)'), 'a registry host'],
	[new RegExp('(deb|snapshot|security)\\.' + 'debian\\.org'), 'a package host'],
	[new RegExp('(^|[^\\w.-])/wo' + 'rk/'), "a path of one developer's machine"],
];

export const unwantedText: Rule = (files) =>
	unwanted.flatMap(([pattern, what]) =>
		each(files, new RegExp(pattern, 'gm'), () => `${what} must not be committed`, (t) => t));

const languages = /\.(py|pl|rb|lua|go|rs|java|kt|php|cc|cpp|hpp|cxx|sh|bash|zsh|js|mjs|cjs|jsx|tsx)$/;

export const noThirdLanguage: Rule = (files) =>
	files.filter((f) => languages.test(f.path))
		.map((f) => ({ path: f.path, line: 1, message: 'C, TypeScript and SQL only' }));

// A reason follows the name of the check that is silenced.
export const suppressions: Rule = (files) => [
	...each(files.filter(isC), /NOLINT(?:NEXTLINE|BEGIN)?(\([\w.,* -]+\))?([^\n]*)/g, (m) =>
		m[1] === undefined ? 'NOLINT without the name of the check'
			: /[a-z]{3}/.test(m[2] ?? '') ? null : 'NOLINT without a reason', (t) => t),
	...each(files.filter(isC), /cppcheck-suppress\s+\S+([^\n]*)/g, (m) =>
		/[a-z]{3}/.test(m[1] ?? '') ? null : 'cppcheck-suppress without a reason', (t) => t),
	...each(files.filter((f) => /\.(ts|vue)$/.test(f.path) && !isTest(f.path)), /@ts-(ignore|nocheck)/g,
		(m) => `@ts-${m[1]}: use @ts-expect-error, which fails when it is not needed`, (t) => t),
];

const hosts = /https?:\/\/(?!localhost|127\.0\.0\.1|www\.w3\.org\/|example\.(?:org|com))[\w.-]+/g;

/** The browser loads nothing from elsewhere. */
export const noOutsideHost: Rule = (files) =>
	each(files.filter((f) => /^web\/(src\/|public\/|[^/]*\.html$)/.test(f.path) && !/\.test\.ts$/.test(f.path)),
		hosts, (m) => `${m[0]}: nothing from an outside host`, (t) => t.replace(/\/\*[\s\S]*?\*\//g, ''));

export const rules: Record<string, Rule> = {
	'includes point downwards, modules meet by their header': includes,
	'web: shared knows no feature, features meet by their index': webImports,
	'no banned calls': bannedCalls,
	'no static locals': staticLocals,
	'files are short': fileLength,
	'functions are short': functionLength,
	'SQL has its place': sqlPlace,
	'nothing secret and no host is committed': unwantedText,
	'no third language': noThirdLanguage,
	'every suppression names its check and reason': suppressions,
	'the web asks no outside host': noOutsideHost,
};
