/**
 * What nobody gets to read through the API, whatever the role: keys of the machine, passwords, credentials, and
 * the memory of processes; and what blocks, or does something, when it is read. Decided by the path with all symbolic
 * links followed. One table.
 */
const SECRET: readonly RegExp[] = [
  /^\/etc\/(?:g?shadow-?|security\/opasswd|ssh\/ssh_host_[^/]*_key)$/,
  /^\/etc\/(?:ssl|pki)\/private(?:\/|$)/,
  /^\/etc\/(?:letsencrypt|wireguard|credstore(?:\.encrypted)?)(?:\/|$)/,
  /^\/etc\/systemd\/network\/.*\.netdev(?:\.d(?:\/|$)|$)/,
  /^\/usr\/lib\/credstore(?:\.encrypted)?(?:\/|$)/,
  /^\/var\/lib\/socle\/(?:agent|config|access)(?:\/|$)/,
  /^\/var\/lib\/socle\/config\.json$/,
  /^\/(?:run\/socle\/drive(?:-config)?|usr\/share\/socle\/config\.json)(?:\/|$)/,
  /^\/var\/lib\/systemd\/(?:credential\.secret|random-seed|coredump(?:\/|$))/,
  /^\/var\/(?:crash|lib\/private)(?:\/|$)/,
  /^\/var\/backups\/g?shadow/,
  /^\/boot\/loader\/(?:random-seed|credentials(?:\/|$))/,
  /^\/run\/(?:credentials|credstore(?:\.encrypted)?|systemd\/credentials|socle\/credentials)(?:\/|$)/,
  /^\/run\/socle(?:-updater)?\/.*\.sock$/,
  /^\/root(?:\/|$)/,
  /^\/home\/[^/]+\/\.(?:ssh|gnupg|config)(?:\/|$)/,
  // As programs usually name private keys, wherever machines keep their own files.
  /^\/(?:etc|var|run|srv|opt|home)\/.*(?:\.key|[-_.]key\.pem|privkey\d*\.pem|\.p12|\.pfx|\.keytab|\/id_(?:rsa|ecdsa|ed25519))$/,
  // Arguments, environment and memory of others, and the kernel's own.
  /^\/proc\/(?:[^/]+\/)?(?:task\/[^/]+\/)?(?:environ|mem|cmdline|auxv|maps|smaps|stack|syscall|fd|fdinfo|root|cwd|map_files|pagemap)(?:\/|$)/,
  /^\/proc\/(?:kcore|kallsyms|keys|key-users|sysrq-trigger|vmcore|kpage[a-z]*)$/,
  // Whoever reads it takes it away from others, and waits.
  /^\/proc\/kmsg$/,
  /^\/sys\/(?:firmware\/(?:qemu_fw_cfg|dmi|efi\/efivars)|kernel\/(?:debug|security|tracing))(?:\/|$)/,
  /^\/dev(?:\/|$)/,
];

/** What was shown in debug sessions: an admin saw it, so that it may be anything. */
const ADMINS: readonly RegExp[] = [/^\/var\/log\/socle\/debug(?:\/|$)/];

/** Whether only an admin gets to read it. */
export function isAdminsPath(path: string): boolean {
  return ADMINS.some((pattern) => pattern.test(path));
}

/** /etc as it was rendered lies there too. */
const RENDERED_ETC = /^\/run\/socle\/etc(?=\/)/;

export function isSecretPath(path: string): boolean {
  // The kernel's own command line names no secret, and everybody wants to see it.
  if (path === "/proc/cmdline") return false;
  const plain = path.replace(RENDERED_ETC, "/etc");
  return SECRET.some((pattern) => pattern.test(plain));
}
