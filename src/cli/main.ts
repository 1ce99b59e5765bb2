// The launcher has turned on the compile cache, for this process only.
delete process.env["NODE_COMPILE_CACHE"];

// A reader that has seen enough, as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

// No tool that is started from here needs it.
const { hidePassphrase } = await import("#system/hiddenPassphrase.ts");
hidePassphrase();

const { runCli } = await import("./runCli.ts");
process.exitCode = await runCli(process.argv.slice(2));
