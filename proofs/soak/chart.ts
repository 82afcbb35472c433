/** The samples of the library and of its control as an SVG file. */
import { CONTROL, LIBRARY, page, type Panel } from "../../scripts/svg.ts";
import { QUANTITIES, type Quantity, type Sample } from "./samples.ts";

/** The lines of one runtime. */
export interface Lines {
  readonly runtime: string;
  readonly library: readonly Sample[];
  readonly control: readonly Sample[];
}

const WIDTH = 300;
const HEIGHT = 120;
/** No line has more points, or the file is large and shows no more. */
const MAX_POINTS = 150;
const TITLES: Readonly<Record<Quantity, string>> = {
  descriptors: "file descriptors",
  threads: "threads",
  rssMiB: "resident memory, MiB",
};

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

function panelOf({ runtime, library, control }: Lines, quantity: Quantity): Panel {
  const most = mostOf([...library, ...control]);
  const title = `${runtime}: ${TITLES[quantity]}, up to ${most[quantity].toFixed(0)}`;
  return {
    title: `${title} in ${most.seconds.toFixed(0)} s`,
    width: WIDTH,
    height: HEIGHT,
    content: [
      polyline(control, quantity, most, CONTROL),
      polyline(library, quantity, most, LIBRARY),
    ].join("\n"),
  };
}

/** A row of panels for each runtime; each axis begins at 0. */
export function chart(all: readonly Lines[]): string {
  const panels = all.flatMap((lines) => QUANTITIES.map((quantity) => panelOf(lines, quantity)));
  return page(QUANTITIES.length, panels, [
    ["with pidfd", LIBRARY],
    ["the same without it", CONTROL],
  ]);
}
