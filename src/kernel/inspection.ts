/**
 * What others see of an object whose inside is hidden.
 *
 * @module
 */

const SERIAL = Symbol("serial");

let count = 0;

/**
 * Makes an object differ from every other one of its class for `assert.deepEqual()`, `expect().toEqual()` and their like: they
 * compare what an object shows, which is the same for all where everything is private.
 */
export function makeDistinct(object: object): void {
  (object as Record<symbol, number>)[SERIAL] = ++count;
}
