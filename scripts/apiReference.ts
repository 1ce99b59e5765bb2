/** Makes docs/api-reference.md: all of the contract, from its own words. Run by `npm run generate`. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import {
  createFileRegistry,
  fromBinary,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

import { findRole } from "#protocol/methodRoles.ts";

const CLONE = join(import.meta.dirname, "..");
export const API_REFERENCE = join(CLONE, "docs/api-reference.md");
const WIDTH = 128;

const HEAD = `# API reference

<!-- Made from proto/ and src/protocol/methodRoles.ts by \`npm run generate\`. -->

All calls of a machine, with the role that each needs, and every message. [api.md](api.md) says how to call them, from any
language, and what is promised of them; [access.md](access.md) how to get a role. Each role may do what those before it may:
\`reader\`, \`operator\`, \`admin\`. The role \`none\` asks for no certificate, in maintenance mode only.

In JSON, names are in lowerCamelCase (\`failed_units\` is \`failedUnits\`; a request may have either), 64-bit numbers are strings,
\`bytes\` are base64, values of enums their names, a \`Timestamp\` is a date of RFC 3339. A field that is \`optional\` can be told
from one that is not there; any other that is left out is empty, 0 or false, and an answer leaves out those that are.`;

/** The words before a descriptor, by its path in the file: descriptor.proto, SourceCodeInfo. */
type Comments = (path: readonly number[]) => string;

/** What the file should be. */
export async function makeApiReference(): Promise<string> {
  const files = (await readContract()).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const services = files.flatMap((file) => file.services);
  const contents = services.map(
    ({ name, file }) => `- [${name}](#${toAnchor(name)}), of [${toTitle(file)}](#${toAnchor(toTitle(file))})`,
  );
  return `${[HEAD, contents.join("\n"), ...files.flatMap(renderFile)].join("\n\n")}\n`;
}

/** Generated code has no comments, so this asks the compiler. */
async function readContract(): Promise<DescFile[]> {
  const { stdout } = await promisify(execFile)(
    "buf",
    ["build", "--as-file-descriptor-set", "--output", "-"],
    {
      cwd: CLONE,
      env: { ...process.env, PATH: `${join(CLONE, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` },
      encoding: "buffer",
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, stdout));
  return [...registry.files].filter((file) => file.proto.package.startsWith("socle."));
}

function renderFile(file: DescFile): string[] {
  const comments = readComments(file);
  const { service, messageType, enumType, syntax } = FileDescriptorProtoSchema.field;
  return [
    `## ${toTitle(file)}`,
    wrap(`[\`${file.name}.proto\`](../proto/${file.name}.proto): ${comments([syntax.number])}`),
    ...file.services.flatMap((desc, index) => renderService(desc, [service.number, index], comments)),
    ...file.messages.flatMap((desc, index) => renderMessage(desc, [messageType.number, index], comments)),
    ...file.enums.flatMap((desc, index) => renderEnum(desc, [enumType.number, index], comments)),
  ];
}

function renderService(service: DescService, path: readonly number[], comments: Comments): string[] {
  const toPath = (index: number) => [...path, ServiceDescriptorProtoSchema.field.method.number, index];
  return [
    `### ${service.name}`,
    wrap(comments(path)),
    [
      "| call | role | request | answer |",
      "| --- | --- | --- | --- |",
      ...service.methods.map(renderCall),
    ].join("\n"),
    service.methods
      .map(({ name }, index) => toItem(`**\`${name}\`**: ${comments(toPath(index))}`))
      .join("\n"),
  ];
}

function renderCall(method: DescMethod): string {
  const isStream = {
    unary: [false, false],
    client_streaming: [true, false],
    server_streaming: [false, true],
    bidi_streaming: [true, true],
  }[method.methodKind];
  const [request, answer] = [method.input, method.output].map(
    (message, index) => `${isStream[index] === true ? "stream of " : ""}${toLink(message)}`,
  );
  return `| \`${method.name}\` | ${findRole(method) ?? "none"} | ${request} | ${answer} |`;
}

function renderMessage(message: DescMessage, path: readonly number[], comments: Comments): string[] {
  if (message.nestedMessages.length + message.nestedEnums.length > 0)
    throw new TypeError(
      `"${message.typeName}" has types inside it; put them beside it, or teach this to show them`,
    );
  const toPath = (index: number) => [...path, DescriptorProtoSchema.field.field.number, index];
  const fields = message.fields.map((field, index) =>
    toItem(`\`${field.name}\` = ${field.number}, ${toType(field)}: ${comments(toPath(index))}`),
  );
  return [`### ${message.name}`, wrap(comments(path)), ...(fields.length === 0 ? [] : [fields.join("\n")])];
}

function renderEnum(desc: DescEnum, path: readonly number[], comments: Comments): string[] {
  const toPath = (index: number) => [...path, EnumDescriptorProtoSchema.field.value.number, index];
  const values = desc.values.map(({ name, number }, index) =>
    toItem(`\`${name}\` = ${number}: ${comments(toPath(index))}`),
  );
  return [`### ${desc.name}`, wrap(comments(path)), values.join("\n")];
}

function toType(field: DescField): string {
  const of = field.oneof === undefined ? "" : `one of \`${field.oneof.name}\`, `;
  const isOptional = field.oneof === undefined && field.proto.proto3Optional;
  const type = field.message ?? field.enum;
  if (field.fieldKind === "map") throw new TypeError(`"${field.toString()}" is a map; teach this to show it`);
  const name =
    type === undefined ? `\`${String(ScalarType[field.scalar ?? 0]).toLowerCase()}\`` : toLink(type);
  return `${of}${isOptional ? "optional " : ""}${field.fieldKind === "list" ? "repeated " : ""}${name}`;
}

function toLink({ name, typeName }: DescMessage | DescEnum): string {
  return typeName.startsWith("socle.") ? `[\`${name}\`](#${toAnchor(name)})` : `\`${name}\``;
}

function toTitle(file: DescFile): string {
  return `${basename(file.name)}.proto`;
}

/** As code hosts make them from headings. */
function toAnchor(heading: string): string {
  return heading.toLowerCase().replaceAll(".", "");
}

function readComments({ proto }: DescFile): Comments {
  const known = new Map(
    proto.sourceCodeInfo?.location.map(({ path, leadingComments }) => [path.join(), leadingComments]),
  );
  return (path) => {
    const words = (known.get(path.join()) ?? "").replaceAll(/\s+/g, " ").trim();
    if (words === "") throw new TypeError(`Something of "${proto.name}" has no comment: ${path.join()}`);
    return words.replaceAll("<", "\\<");
  };
}

function toItem(text: string): string {
  return wrap(`- ${text}`, "  ");
}

/** Into lines; none begins with what Markdown would take for a list or a heading. */
function wrap(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const isTooLong = line.length + 1 + word.length > WIDTH;
    if (line !== "" && isTooLong && !/^([-+*#>=|]|\d+[.)]$)/.test(word)) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

if (import.meta.main) await writeFile(API_REFERENCE, await makeApiReference());
