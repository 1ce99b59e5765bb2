/**
 * What nobody gets to read through the API, whatever the role: keys of the machine, passwords, credentials, and
 * the memory of processes. Decided by the path with all symbolic links followed. One table.
 */
const SECRET: readonly RegExp[] = [
  /^\/etc\/(?:g?shadow-?|ssh\/ssh_host_[^/]*_key)$/,
  /^\/etc\/(?:ssl|pki)\/private(?:\/|$)/,
  /^\/var\/lib\/socle\/(?:agent|config|access)(?:\/|$)/,
  /^\/var\/lib\/socle\/config\.json$/,
  /^\/var\/lib\/systemd\/(?:credential\.secret|random-seed)$/,
  /^\/run\/(?:credentials|systemd\/credentials|socle\/credentials)(?:\/|$)/,
  /^\/run\/socle(?:-updater)?\/.*\.sock$/,
  /^\/root(?:\/|$)/,
  /^\/home\/[^/]+\/\.(?:ssh|gnupg|config)(?:\/|$)/,
  // Arguments, environment and memory of others, and the kernel's own.
  /^\/proc\/(?:[^/]+\/)?(?:task\/[^/]+\/)?(?:environ|mem|cmdline|auxv|maps|smaps|stack|syscall|fd|fdinfo|root|cwd|map_files)(?:\/|$)/,
  /^\/proc\/(?:kcore|kallsyms|keys|key-users|sysrq-trigger)$/,
  /^\/sys\/(?:firmware\/(?:qemu_fw_cfg|dmi|efi\/efivars)|kernel\/(?:debug|security|tracing))(?:\/|$)/,
  /^\/dev(?:\/|$)/,
];

export function isSecretPath(path: string): boolean {
  // The kernel's own command line names no secret, and everybody wants to see it.
  return path !== "/proc/cmdline" && SECRET.some((pattern) => pattern.test(path));
}
