/** The samples of the library and of its control as an SVG file. */
import { QUANTITIES, type Quantity, type Sample } from "./samples.ts";

/** The lines of one runtime. */
export interface Lines {
  readonly runtime: string;
  readonly library: readonly Sample[];
  readonly control: readonly Sample[];
}

const WIDTH = 300;
const HEIGHT = 120;
const GAP = 50;
/** No line has more points, or the file is large and shows no more. */
const MAX_POINTS = 150;
const TITLES: Readonly<Record<Quantity, string>> = {
  descriptors: "file descriptors",
  threads: "threads",
  rssMiB: "resident memory, MiB",
};
const LIBRARY = "#0550ae";
const CONTROL = "#bc4c00";

function polyline(
  samples: readonly Sample[],
  quantity: Quantity,
  most: Sample,
  color: string,
): string {
  const step = Math.ceil(samples.length / MAX_POINTS);
  const points = samples.filter((_, index) => index % step === 0).map((sample) => {
    const x = sample.seconds / most.seconds * WIDTH;
    const y = HEIGHT - sample[quantity] / most[quantity] * HEIGHT;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return `<polyline fill="none" stroke="${color}" points="${points.join(" ")}"/>`;
}

function mostOf(samples: readonly Sample[]): Sample {
  const most = (name: keyof Sample) => Math.max(1, ...samples.map((sample) => sample[name]));
  return {
    seconds: most("seconds"),
    descriptors: most("descriptors"),
    threads: most("threads"),
    rssMiB: most("rssMiB"),
  };
}

function panel({ runtime, library, control }: Lines, quantity: Quantity, at: string): string {
  const most = mostOf([...library, ...control]);
  const title = `${runtime}: ${TITLES[quantity]}, up to ${most[quantity].toFixed(0)}`;
  return `<g transform="translate(${at})">
<text y="-8">${title} in ${most.seconds.toFixed(0)} s</text>
<rect width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#d0d7de"/>
${polyline(control, quantity, most, CONTROL)}
${polyline(library, quantity, most, LIBRARY)}
</g>`;
}

/** A row of panels for each runtime; each axis begins at 0. */
export function chart(all: readonly Lines[]): string {
  const width = QUANTITIES.length * (WIDTH + GAP) + GAP;
  const height = all.length * (HEIGHT + GAP) + GAP;
  const panels = all.flatMap((lines, row) =>
    QUANTITIES.map((quantity, column) => {
      const at = `${GAP + column * (WIDTH + GAP)} ${GAP + row * (HEIGHT + GAP)}`;
      return panel(lines, quantity, at);
    })
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"
 font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${GAP}" y="20"><tspan fill="${LIBRARY}">with pidfd</tspan>
<tspan fill="${CONTROL}">the same without it</tspan></text>
${panels.join("\n")}
</svg>
`;
}
