import { openWorkspace } from "#system/workspace.ts";
import { findMirrors } from "#system/aptArchive.ts";
import { prepareMkosiTools } from "./mkosiTools.ts";
const ws = openWorkspace("/work/main/.socle/bench");
const ctx = { report: (e:any)=>{ if (e.kind!=="step-progress") console.log(JSON.stringify(e).slice(0,300)); }, signal: new AbortController().signal, mirrors: () => findMirrors() };
console.log(await prepareMkosiTools(ws, ctx).catch(e=>({e, tail: e.outputTail})));
