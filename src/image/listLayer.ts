import type { LayerEntry } from "#release/mergeLayers.ts";

/** A file of one layer, as `LIST_LAYER` tells it. */
export interface InventoryEntry extends LayerEntry {
  /** Content, of the few files that are looked into. */
  readonly text?: string;
  /** Which package brought it: its place in the list of packages. */
  readonly package?: number;
}

/**
 * A Python program that prints every entry of a folder as JSON, with hashes of the files: $1 the folder, $2 a
 * regular expression of the paths whose text is wanted. It runs in the tools tree: only there do owners
 * have the numbers that they have in the image. A name that is not UTF-8 is given with \\x and its bytes.
 *
 * What overlays leave in a layer that they wrote to is told by the kernel's rules
 * (filesystems/overlayfs.rst, with `userxattr`).
 */
export const LIST_LAYER = String.raw`
import hashlib, json, os, re, stat, sys
from concurrent.futures import ThreadPoolExecutor

root, texts = os.fsencode(sys.argv[1]), re.compile(sys.argv[2])
LEFT_OUT = ("/boot", "/var")
TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "character-device", stat.S_IFBLK: "block-device", stat.S_IFSOCK: "socket",
}
MOST_TEXT = 65536

def text(name):
    return name.decode("utf-8", "backslashreplace")

def attribute(path, name):
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None

def walk(below):
    path = root + below
    status = os.lstat(path)
    kind = TYPES[stat.S_IFMT(status.st_mode)]
    entry = {"path": text(below) or "/", "type": kind, "mode": stat.S_IMODE(status.st_mode),
             "uid": status.st_uid, "gid": status.st_gid}
    yield path, entry, status
    if kind == "directory" and entry["path"] not in LEFT_OUT:
        for name in sorted(os.listdir(path)):
            yield from walk(below + b"/" + name)

def fill(item):
    path, entry, status = item
    if entry["type"] == "directory":
        if attribute(path, "user.overlay.opaque") == b"y":
            entry["overlay"] = "opaque"
    elif entry["type"] == "symlink":
        entry["target"] = text(os.readlink(path))
    elif entry["type"] == "character-device":
        if status.st_rdev == 0:
            entry["overlay"] = "whiteout"
    elif entry["type"] == "file":
        if status.st_size == 0 and attribute(path, "user.overlay.whiteout") is not None:
            entry["overlay"] = "whiteout"
        with open(path, "rb") as file:
            entry["sizeBytes"] = status.st_size
            entry["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            if texts.search(entry["path"]):
                file.seek(0)
                entry["text"] = text(file.read(MOST_TEXT))
        capabilities = attribute(path, "security.capability")
        if capabilities is not None:
            entry["capabilities"] = capabilities.hex()
    return entry

with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    json.dump(list(pool.map(fill, list(walk(b"")))), sys.stdout)
`;
