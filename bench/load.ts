/* Load generators: the program's own client, its raw statements, and wrk against it and against nginx. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bin, dir, freePort } from './stores.ts';

const run = promisify(execFile);

export interface Load {
	done: number;
	failed: number;
	per_second: number;
	seconds: number;
	ms?: { p50: number; p90: number; p99: number; max: number };
}

/** gezhi bench WHAT… with a limit of its own; asynchronous, so that nothing else waits. */
export async function bench(...args: string[]): Promise<Load> {
	const { stdout, stderr } = await run(bin, ['bench', ...args], { maxBuffer: 1 << 24 });
	const l = JSON.parse(stdout) as Load;
	if (l.failed > 0) throw new Error(`${args.join(' ')}: ${l.failed} of ${l.done + l.failed} failed: ${stderr}`);
	return l;
}

/** Requests per second of keep-alive clients on one thread. */
export async function wrk(url: string, token: string, seconds: number, clients = 64): Promise<number> {
	const { stdout } = await run('wrk', ['-t1', `-c${clients}`, `-d${seconds}s`, '-H', `Authorization: Bearer ${token}`, url]);
	if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
	return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** nginx that answers every request with the same bytes, one worker per processor. */
export async function nginx(body: string): Promise<{ url: string; stop: () => void }> {
	const at = join(dir, 'nginx');
	const port = await freePort();
	rmSync(at, { recursive: true, force: true });
	mkdirSync(at, { recursive: true });
	const text = body.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
	if (text.includes('$')) throw new Error('nginx would read a variable in this reply');
	writeFileSync(join(at, 'nginx.conf'), `daemon off; worker_processes auto; pid ${at}/pid; error_log ${at}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${at}/b; proxy_temp_path ${at}/p;
fastcgi_temp_path ${at}/f; uwsgi_temp_path ${at}/u; scgi_temp_path ${at}/s;
server { listen 127.0.0.1:${port}; default_type application/json; location / { return 200 '${text}'; } } }
`);
	const child = spawn('nginx', ['-p', at, '-c', join(at, 'nginx.conf')], { stdio: 'inherit' });
	const url = `http://127.0.0.1:${port}/`;
	for (let i = 0; ; i++) {
		const got = await fetch(url).then((r) => r.text(), () => null);
		if (got === body) break;
		if (got !== null || child.exitCode !== null || i > 500) throw new Error('nginx does not answer with these bytes');
		await new Promise((r) => setTimeout(r, 10));
	}
	return { url, stop: () => child.kill('SIGTERM') };
}
