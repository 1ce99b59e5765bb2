/** Version of Socle this agent is from; a test holds it equal to package.json, which is not in the bundle. */
export const AGENT_VERSION = "0.1.0";
