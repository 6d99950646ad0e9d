import { deepStrictEqual } from "node:assert/strict";
import type { RunContext } from "../../../../handover/observe/runContext";
import { withoutAccount } from "../../../../handover/run/withoutAccount";

describe("A run without the account", () => {
    it("sees no node role, and asks AWS for nothing", async () => {
        const look = () => Promise.reject(new Error("AWS was asked"));
        const context = {
            roleNames: ["nodes"],
            aws: { look, callerAccount: () => Promise.resolve("1") },
        } as unknown as RunContext;
        const { aws, roleNames } = withoutAccount(context);
        const query = { instanceIds: ["i-1"], roleNames, ipFamily: "ipv4", searchElsewhere: false } as const;
        deepStrictEqual(await aws.look(query), { roleOfInstance: {}, nodeRoles: [] });
        deepStrictEqual(await aws.callerAccount(), "1");
    });
});
