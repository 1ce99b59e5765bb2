import { defineSystem } from "socle";

/** The smallest system that boots, proves its root and answers: what `npm start` shows. */
export default defineSystem({
  id: "minimal",
  version: "1.0",
  name: "Socle minimal",
  level: "sealed",
  disk: { size: "2GiB" },
  files: {
    "/etc/motd": "This system is sealed: its base changes by a new version only.\n",
  },
});
