/** What the charts of the docs have in common. */

/** Between the panels, and around them. */
export const GAP = 50;

export const LIBRARY = "#0550ae";
export const CONTROL = "#bc4c00";
const FRAME = "#d0d7de";

/** What is drawn, and how much room it has. */
export interface Panel {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

/** A panel in a frame, below its title, with its upper left corner at a place of the page. */
function panel({ title, width, height, content }: Panel, x: number, y: number): string {
  return `<g transform="translate(${x} ${y})">
<text y="-8">${title}</text>
<rect width="${width}" height="${height}" fill="none" stroke="${FRAME}"/>
${content}
</g>`;
}

/** A page of so many rows and columns of equal panels, with what the colors mean above them. */
export function page(
  columns: number,
  panels: readonly Panel[],
  legend: readonly (readonly [text: string, color: string])[],
): string {
  const { width, height } = panels[0];
  const wide = columns * (width + GAP) + GAP;
  const high = Math.ceil(panels.length / columns) * (height + GAP) + GAP;
  const spans = legend.map(([text, color]) => `<tspan dx="1em" fill="${color}">${text}</tspan>`);
  const drawn = panels.map((each, index) => {
    const row = Math.floor(index / columns);
    return panel(each, GAP + index % columns * (width + GAP), GAP + row * (height + GAP));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}"
 font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${GAP - 12}" y="20">${spans.join("\n")}</text>
${drawn.join("\n")}
</svg>
`;
}
