// A wrapper such as anybody writes for Bun.
const { exited } = Bun.spawn(process.argv.slice(2), { stdio: ["inherit", "inherit", "inherit"] });
process.exitCode = await exited;
