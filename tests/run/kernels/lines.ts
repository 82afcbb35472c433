/** Cuts a stream of text into lines. */
export class TextLineStream extends TransformStream<string, string> {
  /** A serial console ends its lines by carriage return and line feed. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line.replace(/\r+$/, ""));
      },
      flush(controller) {
        if (rest) controller.enqueue(rest);
      },
    });
  }
}
