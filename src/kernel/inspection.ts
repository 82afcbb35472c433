/**
 * What others see of an object whose inside is hidden.
 *
 * @module
 */

const SERIAL = Symbol("serial");

let count = 0;

/**
 * Makes an object differ from every other one of its class for `assert.deepEqual()`,
 * `expect().toEqual()` and their like: they compare what an object shows, which is the same for all
 * where everything is private.
 */
export function makeDistinct(object: object): void {
  (object as Record<symbol, number>)[SERIAL] = ++count;
}

/** Has `console.log()`, on Deno `Deno.inspect()` too, show what this answers of an object. */
export function showBy<T extends object>(prototype: T, show: (object: T) => string): void {
  for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    const value = function (this: T): string {
      return show(this);
    };
    Object.defineProperty(prototype, Symbol.for(name), { value });
  }
}
