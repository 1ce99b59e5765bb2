// The launcher has turned on the compile cache, for this process only.
delete process.env["NODE_COMPILE_CACHE"];

// A reader that has seen enough, as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const { runCli } = await import("./runCli.ts");
process.exitCode = await runCli(process.argv.slice(2));
