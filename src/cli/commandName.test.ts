import assert from "node:assert/strict";
import { test } from "node:test";

import { toCommandName } from "./commandName.ts";

test("what is printed to be pasted calls the same program", () => {
  const table = [
    [{ SOCLE_COMMAND: "bin/socle", PATH: "/usr/bin:/bin" }, "bin/socle"],
    [{ SOCLE_COMMAND: "/usr/local/bin/socle", PATH: "/usr/local/bin:/bin" }, "socle"],
    [{ SOCLE_COMMAND: "../clone/bin/socle" }, "../clone/bin/socle"],
    [{}, "socle"],
  ] as const;
  for (const [environment, name] of table) assert.equal(toCommandName(environment), name);
});
