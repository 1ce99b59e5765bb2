import type { TreePolicies } from "#definition/levels.ts";

import { hasVarPartition } from "./levelMounts.ts";
import {
  GONE_BACK_FROM_PATH,
  LOADER_NAMESPACE,
  UNFINISHED_BOOTS_MOST,
  UNFINISHED_BOOTS_PATH,
  WAY_BACK_PATH,
} from "./unfinishedBoots.ts";

/**
 * A system that was found good, and whose entry so has no counter, is started for ever, even if its slot has rotted
 * since. So its starts are counted here; docs/decisions/0010 says why not by the loader. What is written
 * must be on the disk before anything of the system runs: the panic can come with the first block that is read.
 */
export function encodeUnfinishedScript(policies: TreePolicies): string {
  if (policies.usr !== "verified" || !hasVarPartition(policies)) return "";
  const [unfinished, wayBack, goneBack] = [UNFINISHED_BOOTS_PATH, WAY_BACK_PATH, GONE_BACK_FROM_PATH].map(
    (path) => `/sysroot${path}`,
  );
  return `variables=/sys/firmware/efi/efivars
variable() {
  [ -e $variables/$1-${LOADER_NAMESPACE} ] && tr -cd '[:print:]' < $variables/$1-${LOADER_NAMESPACE}
}
started_image=$(variable StubImageIdentifier)
counted_image=$(variable LoaderBootCountPath)
if [ -n "$started_image" ] && [ "$started_image" != "$counted_image" ]; then
  mkdir -p -m 755 /sysroot${dirnameOf(UNFINISHED_BOOTS_PATH)}
  starts=
  [ -e ${unfinished} ] && read -r starts < ${unfinished}
  case $starts in [0-9] | [0-9][0-9]) ;; *) starts=0 ;; esac
  if [ $starts -ge ${UNFINISHED_BOOTS_MOST} ] && [ -s ${wayBack} ]; then
    # The name alone: a shell can take the backslash before it, and its first letter, for something else.
    started_file=\${started_image##*\\\\}
    say "$starts starts of $started_file did not come to their end: going back"
    echo "$started_file" > ${goneBack}
    echo 0 > ${unfinished}
    sync ${unfinished} ${goneBack}
    # Made by the updater: attributes and text, as efivarfs wants them in one write.
    if cat ${wayBack} > $variables/LoaderEntryOneShot-${LOADER_NAMESPACE}; then
      mount -o remount,ro /sysroot/var || die "cannot leave /var as it is"
      echo b > /proc/sysrq-trigger
      die "the machine does not restart"
    fi
    say "the loader cannot be told to go back"
  fi
  echo $((starts + 1)) > ${unfinished}
  sync ${unfinished}
fi
`;
}

function dirnameOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
