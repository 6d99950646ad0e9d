import { rejects } from "node:assert/strict";
import { refuseSerialWait } from "../../../../handover/hooks/refuseSerialWait";
import type { Subject } from "../../../../handover/model/subject";
import type { RunContext } from "../../../../handover/observe/runContext";
import { onNodeRole, ROLE, serviceAccount, subject, world } from "../support/worlds";

const external: Subject = { ...subject, delivery: "external" };

describe("An update with --parallel 1 that another writer delivers the role to", () => {
    const run = async (account: object) => {
        const { cluster } = world(onNodeRole, { cluster: { serviceAccount: { ...serviceAccount, ...account } } });
        const open = () =>
            Promise.resolve({
                subject: external,
                cluster: { look: () => Promise.resolve(cluster), close: () => undefined },
            } as unknown as RunContext);
        await refuseSerialWait({ subject: external }, { progress: () => undefined, open });
    };

    it("is refused before it waits, with the command that lets a writer of the program run", () =>
        rejects(run({ annotations: {}, roleArnOwners: [] }), {
            code: "role-not-delivered",
            seen: `No other writer has given ${ROLE} to the service account yet (the service account has no role annotation), and Pulumi runs one operation at a time (--parallel 1).`,
            fix:
                "Run pulumi up --parallel 2. If the writer is outside of this program, it can deliver the role now, since it is proved: let the writer set " +
                `eks.amazonaws.com/role-arn: ${ROLE}, and run the same command again.`,
        }));

    it("is refused while only the component owns the annotation", () =>
        rejects(run({ roleArnOwners: [subject.fieldManager] }), { code: "role-not-delivered" }));

    it("goes on once a writer has delivered the role", async () => {
        await run({ roleArnOwners: ["gitops"] });
    });
});
