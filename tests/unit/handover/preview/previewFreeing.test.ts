import { deepStrictEqual } from "node:assert/strict";
import type { AssociationsSeen } from "../../../../handover/model/association";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { previewFreeing } from "../../../../handover/preview/previewFreeing";
import { associated, associations, own, record, seen, withCredentials } from "../support/podIdentity";
import { FORMER_ROLE } from "../support/worlds";

const { cluster } = seen(withCredentials);

async function preview(answer: () => Promise<AssociationsSeen>, look: () => Promise<ClusterSeen>, seconds = 60) {
    const closed: string[] = [];
    const context = {
        subject: associated,
        aws: { associations: answer },
        cluster: { look, close: () => closed.push("closed") },
    } as unknown as RunContext;
    const line = await previewFreeing({ subject: associated, record }, seconds, () => Promise.resolve(context));
    return { line, closed };
}

describe("A preview before the engine creates an association", () => {
    it("says that the pods move if a run that was interrupted has left one", async () => {
        deepStrictEqual(
            await preview(
                () => Promise.resolve(associations(own)),
                () => Promise.resolve(cluster),
            ),
            {
                line: "[restart] An interrupted run has left its Pod Identity association behind. 3 pods restart with the roles of their nodes, and this association is deleted. The update creates another one, and they restart once more.",
                closed: ["closed"],
            },
        );
    });

    const silent: [string, () => Promise<AssociationsSeen>, () => Promise<ClusterSeen>][] = [
        ["there is none", () => Promise.resolve(associations()), () => Promise.resolve(cluster)],
        [
            "it is another party's, at which the update stops",
            () => Promise.resolve(associations({ ...own, roleArn: FORMER_ROLE })),
            () => Promise.resolve(cluster),
        ],
        ["EKS does not answer", () => Promise.reject(new Error("throttled")), () => Promise.resolve(cluster)],
        [
            "the cluster does not answer",
            () => Promise.resolve(associations(own)),
            () => Promise.reject(new Error("no connection")),
        ],
    ];
    for (const [why, answer, look] of silent) {
        it(`says nothing if ${why}`, async () => {
            deepStrictEqual(await preview(answer, look), { line: undefined, closed: ["closed"] });
        });
    }

    it("says nothing if that takes longer than the limit", async () => {
        const never = () => new Promise<AssociationsSeen>(() => undefined);
        deepStrictEqual((await preview(never, () => Promise.resolve(cluster), 0.01)).line, undefined);
    });
});
