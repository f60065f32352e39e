/* The machine a figure was taken on, and what a process used of it. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
	cores: number;
	cpu: string;
	memoryGB: number;
	kernel: string;
	load: string;
}

export const load = (): string => loadavg().map((n) => n.toFixed(1)).join(' ');

export const machine = (): Machine => ({
	cores: cpus().length,
	cpu: cpus()[0]?.model.trim() ?? 'unknown',
	memoryGB: Math.round(totalmem() / 1e8) / 10,
	kernel: release(),
	load: load(),
});

/** Processor time of a process so far, in ms (ticks of 10 ms). */
export function cpuMs(pid: number): number {
	const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
	const f = text.slice(text.lastIndexOf(')') + 2).split(' ');
	return (Number(f[11]) + Number(f[12])) * 10;
}

const kilobytes = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN);

/** Memory in MB: resident, the most it ever was, and the share that is its alone. */
export function memory(pid: number): { rss: number; peak: number; pss: number } {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const mb = (kb: number): number => Math.round(kb / 102.4) / 10;
	return {
		rss: mb(kilobytes(status, 'VmRSS')),
		peak: mb(kilobytes(status, 'VmHWM')),
		pss: mb(kilobytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss')),
	};
}

export const median = (v: number[]): number => [...v].sort((a, b) => a - b)[Math.floor(v.length / 2)] ?? NaN;
