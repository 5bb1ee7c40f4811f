import { statfsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** What a figure is held to. Ratios are of the same round's floor. */
export type Goal =
  | { readonly ratioAtLeast: number }
  | { readonly ratioAtMost: number }
  | { readonly atLeast: number }
  | { readonly atMost: number };

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value per round. */
  readonly values: readonly number[];
  readonly floor?: { readonly name: string; readonly values: readonly number[] };
  readonly goal?: Goal;
  /** D1: acknowledged means it survives power loss. D0: it does not, or it is not a write. */
  readonly durability?: 'D1' | 'D0';
  readonly note?: string;
  /** Why the row does not count. */
  readonly broken?: string;
  /** Printed only when its goal is missed; kept all the same. */
  readonly quiet?: boolean;
}

export interface Row extends Figure {
  readonly part: string;
  readonly median: number;
  readonly floorMedian?: number;
  readonly ratio?: number;
  readonly spread?: readonly [number, number];
  readonly met?: boolean;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

const shown = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

const wanted = (goal: Goal): string => {
  if ('ratioAtLeast' in goal) return `ratio ≥ ${goal.ratioAtLeast}`;
  if ('ratioAtMost' in goal) return `ratio ≤ ${goal.ratioAtMost}`;
  if ('atLeast' in goal) return `≥ ${shown(goal.atLeast)}`;
  return `≤ ${shown(goal.atMost)}`;
};

const isMet = (goal: Goal, value: number, ratio = Number.NaN): boolean => {
  if ('ratioAtLeast' in goal) return ratio >= goal.ratioAtLeast;
  if ('ratioAtMost' in goal) return ratio <= goal.ratioAtMost;
  if ('atLeast' in goal) return value >= goal.atLeast;
  return value <= goal.atMost;
};

/** Prints figures as they come and keeps them. */
export class Report {
  readonly rows: Row[] = [];
  #part = '';

  part(name: string, about: string): void {
    this.#part = name;
    process.stdout.write(`\n${name}: ${about}\n`);
  }

  note(text: string): void {
    process.stdout.write(`  ${text}\n`);
  }

  figure(figure: Figure): Row {
    const { values, floor, goal } = figure;
    const ratios = floor
      ? values.map((value, round) => value / (floor.values[round] ?? median(floor.values)))
      : [];
    const ratio = floor ? median(ratios) : undefined;
    const value = median(values);
    const row: Row = {
      ...figure,
      part: this.#part,
      median: value,
      ...(floor
        ? { floorMedian: median(floor.values), ratio, spread: [Math.min(...ratios), Math.max(...ratios)] }
        : {}),
      ...(goal && !figure.broken ? { met: isMet(goal, value, ratio) } : {}),
    };
    this.rows.push(row);
    if (!figure.quiet || !row.met) process.stdout.write(`  ${line(row)}\n`);
    return row;
  }

  /** @returns how many goals were missed and how many rows are broken */
  close(): { missed: number; broken: number } {
    const missed = this.rows.filter(({ met }) => met === false);
    const broken = this.rows.filter((row) => row.broken);
    const judged = this.rows.filter(({ met }) => met !== undefined);
    process.stdout.write(`\n${judged.length - missed.length} of ${judged.length} goals met`);
    process.stdout.write(broken.length > 0 ? `, ${broken.length} rows do not count\n` : '\n');
    const listed = missed.filter(({ quiet }) => !quiet);
    for (const row of listed) process.stdout.write(`  missed  ${row.part}: ${line(row)}\n`);
    if (listed.length < missed.length)
      process.stdout.write(`  missed  ${missed.length - listed.length} combinations of lists, named above\n`);
    for (const row of broken) process.stdout.write(`  broken  ${row.part}: ${line(row)}\n`);
    return { missed: missed.length, broken: broken.length };
  }
}

/** Shares of a floor are small. */
const ratioOf = (ratio: number): string => ratio.toFixed(ratio < 0.1 ? 4 : 2);

const line = (row: Row): string => {
  const columns = [row.name.padEnd(44), `${shown(row.median)} ${row.unit}`.padStart(16)];
  if (row.floor && row.ratio !== undefined && row.spread) {
    columns.push(`${row.floor.name} ${shown(row.floorMedian as number)} ${row.unit}`);
    const spread = row.values.length > 1 ? ` (${row.spread.map(ratioOf).join('–')})` : '';
    columns.push(`ratio ${ratioOf(row.ratio)}${spread}`);
  }
  if (row.goal) columns.push(`goal ${wanted(row.goal)}`);
  if (row.met !== undefined) columns.push(row.met ? 'met' : 'MISSED');
  if (row.durability) columns.push(row.durability);
  if (row.note) columns.push(row.note);
  if (row.broken) columns.push(`DOES NOT COUNT: ${row.broken}`);
  return columns.join('  ');
};

export const machine = (folder: string): string => {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const { type } = statfsSync(folder);
  const filesystem =
    type === 0xef53
      ? 'ext4'
      : type === 0x01021994
        ? 'tmpfs (D1 means nothing here)'
        : `0x${type.toString(16)}`;
  return `${cpus().length} cores (${model}), ${gigabytes} GB, ${filesystem}, Node ${process.versions.node}, SQLite ${process.versions.sqlite}`;
};
