/*
 * The interface's own description as a judge: every reply that a test's client gets must be one that the
 * OpenAPI document of that server allows. Validators are made when first needed.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

// The document and the replies are read field by field.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

export interface Operation {
	id: string;
	method: string;
	/** As in the document, with {parameters}. */
	path: string;
	about: Json;
}

export interface Answer {
	method: string;
	/** As called, perhaps with a query. */
	path: string;
	status: number;
	type: string;
	body: Json;
}

const shown = 3;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const isDate = (s: string): boolean => /^\d{4}-\d\d-\d\d$/.test(s) && !Number.isNaN(Date.parse(s));

/** Components become schemas of their own, so that each is compiled once. */
function named(schema: Json): Json {
	if (Array.isArray(schema)) return schema.map(named);
	if (typeof schema !== 'object' || schema === null) return schema;
	const out: Json = {};
	for (const [k, v] of Object.entries(schema)) out[k] = k === '$ref' ? String(v).replace('#/components/schemas/', '') : named(v);
	return out;
}

/** Literal segments win over parameters with an ending, and these over plain ones, from left to right. */
const rank = (path: string): string => path.split('/').map((s) => (!s.startsWith('{') ? '0' : s.endsWith('}') ? '2' : '1')).join('');

export class Contract {
	readonly doc: Json;
	readonly operations: Operation[] = [];
	private readonly ajv: Ajv2020;
	private readonly patterns: { re: RegExp; op: Operation }[];
	private readonly compiled = new Map<Json, ValidateFunction>();
	private readonly error: Json = { $ref: '#/components/schemas/Error' };
	/** Operations whose success was seen and fitted. */
	readonly seen = new Set<string>();

	constructor(doc: Json) {
		this.doc = doc;
		// few replies are checked with each validator: that it is made soon counts for more than its speed
		this.ajv = new Ajv2020({
			strict: true, strictTypes: false, strictTuples: false, strictRequired: false,
			code: { optimize: false }, inlineRefs: false, validateSchema: false,
		});
		this.ajv.addFormat('date-time', { type: 'string', validate: (s: string) => dateTime.test(s) && !Number.isNaN(Date.parse(s)) });
		this.ajv.addFormat('date', { type: 'string', validate: isDate });
		for (const [name, schema] of Object.entries<Json>(doc.components.schemas)) this.ajv.addSchema(named(schema), name);
		for (const [path, methods] of Object.entries<Json>(doc.paths))
			for (const [method, about] of Object.entries<Json>(methods))
				this.operations.push({ id: about.operationId, method: method.toUpperCase(), path, about });
		this.patterns = this.operations
			.toSorted((a, b) => (rank(a.path) < rank(b.path) ? -1 : 1))
			.map((op) => ({ op, re: new RegExp(`^${op.path.replace(/[.]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`) }));
	}

	operation(method: string, path: string): Operation | undefined {
		const bare = path.split('?')[0] as string;
		return this.patterns.find((p) => p.op.method === method && p.re.test(bare))?.op;
	}

	/** Made once for each schema of the document. */
	private validator(schema: Json): ValidateFunction {
		let v = this.compiled.get(schema);
		if (v === undefined) this.compiled.set(schema, (v = this.ajv.compile(named(schema))));
		return v;
	}

	/** Every schema, for the test of the document itself. */
	compileAll(): void {
		for (const schema of Object.values<Json>(this.doc.components.schemas)) {
			this.ajv.validateSchema(named(schema), true);
			this.validator(schema);
		}
		for (const op of this.operations) for (const r of Object.values<Json>(op.about.responses)) {
			const schema = r.content?.['application/json']?.schema;
			if (schema !== undefined) this.validator(schema);
		}
	}

	/** What is wrong with the answer; null: it is as described. */
	fault(a: Answer): string | null {
		const op = this.operation(a.method, a.path);
		const said = `${a.method} ${a.path} answered ${a.status}`;
		if (op === undefined) {
			if (a.status < 400) return `${said}, but the document has no such operation`;
			return a.type.includes('json') ? this.misfit(this.error, a, `${said}, not as an error`) : null;
		}
		const good = a.status < 400;
		const content = good ? (op.about.responses['200'] ?? op.about.responses['2XX']).content : null;
		const schema = good ? content['application/json']?.schema : this.error;
		if (a.status === 204 || a.status === 304) return null;
		if (schema === undefined) {
			const types = Object.keys(content);
			if (types.includes('*/*') || types.includes(a.type.split(';')[0] as string)) return null;
			return `${said} with ${a.type}, but ${op.id} is described as ${types.join(' or ')}`;
		}
		if (!a.type.includes('json')) return good ? `${said} with ${a.type}, but ${op.id} is described as JSON` : null;
		const fault = this.misfit(schema, a, `${said}, not as ${op.id} is described`);
		if (fault === null && good) this.seen.add(op.id);
		return fault;
	}

	private misfit(schema: Json, a: Answer, what: string): string | null {
		const v = this.validator(schema);
		if (v(a.body)) return null;
		const lines = (v.errors ?? []).slice(0, shown).map((e) => {
			const at = e.instancePath.split('/').slice(1).reduce<Json>((x, k) => x?.[k], a.body);
			const more = e.params['additionalProperty'] ?? e.params['allowedValues']?.join('|') ?? '';
			return `  ${e.instancePath || '(the whole)'} ${e.message ?? ''} ${more}: ${JSON.stringify(at)?.slice(0, 200)}`;
		});
		return `${what}:\n${lines.join('\n')}`;
	}
}

const byText = new Map<string, Contract>();
const byBase = new Map<string, Promise<Contract>>();

async function load(base: string): Promise<Contract> {
	const r = await fetch(base + '/api/openapi.json');
	const text = await r.text();
	if (r.status !== 200) throw new Error(`/api/openapi.json answered ${r.status}: ${text.slice(0, 200)}`);
	let c = byText.get(text);
	if (c === undefined) byText.set(text, (c = new Contract(JSON.parse(text))));
	return c;
}

/** That of the server at this address; asked once. */
export function contractOf(base: string): Promise<Contract> {
	let c = byBase.get(base);
	if (c === undefined) {
		c = load(base);
		byBase.set(base, c);
		c.catch(() => byBase.delete(base));
	}
	return c;
}
