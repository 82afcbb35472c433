/**
 * Draws bench/spawn.svg from bench/spawn.jsonl, what `bench spawn` and bench/spawn.c have measured:
 * `deno run -A bench/chart.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { CONTROL, LIBRARY, page, type Panel } from "../scripts/svg.ts";
import type { Row } from "./rows.ts";

interface Measured extends Row {
  readonly bench: string;
  readonly runtime: string;
}

const WIDTH = 420;
const LINE = 15;
const LABELS = 150;
const OTHER = "#6e7781";

/** The scale is logarithmic, in µs. */
const [LEAST, MOST] = [10, 100_000];
const FIGURES: Readonly<Record<string, string>> = {
  "µs returns": "until the call returns",
  "µs exit known": "until the exit is known",
  "µs start, read, exit": "to start, read the output and know the exit",
};
const OURS = ["spawn()", "contained"];
const RUNTIMES_OWN = ["child_process", "Deno.Command", "Bun.spawn"];
const HELD = [0, 1024];

const folder = new URL(".", import.meta.url).pathname;
const rows: Measured[] = readFileSync(`${folder}spawn.jsonl`, "utf8").trim().split("\n")
  .map((line) => JSON.parse(line));

function colorOf({ way }: Measured): string {
  return OURS.includes(way) ? LIBRARY : RUNTIMES_OWN.includes(way) ? CONTROL : OTHER;
}

const scaled = (value: number) =>
  Math.log10(value / LEAST) / Math.log10(MOST / LEAST) * (WIDTH - LABELS - 60);

function bar(row: Measured, value: number, line: number): string {
  const y = line * LINE;
  const width = scaled(value).toFixed(1);
  const end = (LABELS + 5 + scaled(value)).toFixed(1);
  return `<text x="${LABELS - 5}" y="${y + 12}" text-anchor="end">${row.runtime}, ${row.way}</text>
<rect x="${LABELS}" y="${y + 3}" width="${width}" height="${LINE - 5}" fill="${colorOf(row)}"/>
<text x="${end}" y="${y + 12}">${value.toLocaleString("en")}</text>`;
}

function panelOf(figure: string, held: number): Panel {
  const shown = rows.filter((row) => row.bench === `spawn, ${held} MiB`);
  const bars = shown.flatMap((row) => figure in row ? [[row, row[figure] as number] as const] : []);
  const program = held === 0 ? "small" : "1 GiB resident";
  return {
    title: `µs ${FIGURES[figure]}, ${program}`,
    width: WIDTH,
    height: LINE * shown.length,
    content: bars.map(([row, value], line) => bar(row, value, line)).join("\n"),
  };
}

const panels = Object.keys(FIGURES).flatMap((figure) => HELD.map((held) => panelOf(figure, held)));
writeFileSync(
  `${folder}spawn.svg`,
  page(HELD.length, panels, [
    ["pidfd", LIBRARY],
    ["the runtime's own", CONTROL],
    ["others (a logarithmic scale)", OTHER],
  ]),
);
