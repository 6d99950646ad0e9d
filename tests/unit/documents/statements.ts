import { cniGrants } from "../../../documents/cniGrants";

export type Statement = Record<string, unknown>;

export const FAMILIES = ["ipv4", "ipv6"] as const;

export function allow(Action: string | string[], more: Statement = {}): Statement {
    return { Effect: "Allow", Action, Resource: "*", ...more };
}

export function deny(Action: string | string[], more: Statement = {}): Statement {
    return { Effect: "Deny", Action, Resource: "*", ...more };
}

export function grantsOf(...Statement: Statement[]) {
    return cniGrants({ Version: "2012-10-17", Statement }, "ipv4");
}
