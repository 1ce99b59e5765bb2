import type { TreePolicies } from "#definition/levels.ts";

import { hasVarPartition } from "./levelMounts.ts";
import { RESET_REQUEST_PATH, VAR_FACTORY_FOLDER, type ResetKind } from "./resetRequest.ts";

/** In /var/lib/socle. What tells of the slots stays, since they do: ways back, unfinished starts, releases that failed here. */
const ALWAYS_KEPT = ["boots", "update"];
/** With the key that others know the machine by. */
const KEPT_WITH_CONFIGURATION = ["agent", "config"];

/**
 * The initrd's part of a reset: /var becomes what it was on a new disk. The file system stays, and with it its size and its
 * UUID. Whenever power is cut, the next start begins anew, since the request goes last: it finds less to remove, and copies
 * the same. What cannot be removed is told of and stays: a machine that does not start would help nobody.
 *
 * `rm` and `cp` do not follow symlinks; a folder that is kept must be one, or the shell would.
 */
export function encodeResetScript(policies: TreePolicies): string {
  if (!hasVarPartition(policies)) return "";
  const [reset, factory] = [`/sysroot${RESET_REQUEST_PATH}`, `/sysroot${VAR_FACTORY_FOLDER}`];
  const name = RESET_REQUEST_PATH.slice(RESET_REQUEST_PATH.lastIndexOf("/") + 1);
  const kept = [name, ...ALWAYS_KEPT];
  const kinds: Record<ResetKind, readonly string[]> = {
    everything: kept,
    "keep-configuration": [...kept, ...KEPT_WITH_CONFIGURATION],
  };
  return `# All that is in the folder $1, but names of the list $2.
empty() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case /$2/ in */"\${entry##*/}"/*) [ -L "$entry" ] || continue ;; esac
    rm -rf --one-file-system -- "$entry" 2> /dev/kmsg || complete=no
  done
}
make_new() {
  complete=yes
  empty /sysroot/var lib
  empty /sysroot/var/lib socle
  empty /sysroot/var/lib/socle "$1"
  # Of what updates keep there, that somebody wanted none.
  rm -f /sysroot/var/lib/socle/update/hold.json
  sync -f /sysroot/var
  cp -a ${factory}/. /sysroot/var/ 2> /dev/kmsg || complete=no
  sync -f /sysroot/var
}
if [ -f ${reset} ] && [ ! -L ${reset} ]; then
  kind= asked_by=
  { read -r kind; read -r _; read -r asked_by; } < ${reset}
  case $kind in
${Object.entries(kinds)
  .map(([kind, names]) => `    ${kind}) stays=${names.join("/")} ;;\n`)
  .join("")}    *) stays= ;;
  esac
  if [ -n "$stays" ]; then
    say "reset ($kind), asked for by $asked_by: /var is made anew"
    fed make_new "$stays"
    [ $complete = yes ] || echo "<3>socle-initrd: reset: not all of /var could be made anew" > /dev/kmsg
  else
    say "what ${RESET_REQUEST_PATH} asks for is not known here"
  fi
  rm -f ${reset}
  sync -f /sysroot/var
fi
`;
}
