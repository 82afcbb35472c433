/** The version of this package, which making a release writes here and into deno.json. */
export const VERSION = "0.1.0";
