/**
 * Debian control data: paragraphs of "Field: value" with continuation lines (deb-control(5), Debian
 * Policy 5.1), as in dpkg's status file and in machine-readable copyright files. Field names are
 * given in lower case. Not here: writing, signatures; a line that fits no form is passed over.
 */
export type ControlParagraph = ReadonlyMap<string, string>;

export function parseControlFile(text: string): ControlParagraph[] {
  const paragraphs: ControlParagraph[] = [];
  let fields = new Map<string, string>();
  let lastField: string | undefined;
  for (const line of text.split("\n")) {
    if (line.trim() === "") {
      if (fields.size > 0) paragraphs.push(fields);
      fields = new Map();
      lastField = undefined;
    } else if (line.startsWith("#")) {
      continue;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (lastField !== undefined) fields.set(lastField, `${fields.get(lastField)}\n${line.trim()}`);
    } else {
      const colon = line.indexOf(":");
      if (colon < 1) continue;
      lastField = line.slice(0, colon).toLowerCase();
      fields.set(lastField, line.slice(colon + 1).trim());
    }
  }
  if (fields.size > 0) paragraphs.push(fields);
  return paragraphs;
}
