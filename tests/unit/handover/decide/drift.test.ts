import { strictEqual } from "node:assert/strict";
import { driftOf } from "../../../../handover/decide/drift";
import { Refusal } from "../../../../handover/model/refusal";
import type { Step } from "../../../../handover/model/steps";
import { CNI_POLICY, OTHER_POLICY } from "../support/worlds";

const detach = (...roles: [string, string][]): Step => ({
    do: "detach",
    policies: roles.map(([roleName, policyArn]) => ({ roleName, policyArn })),
    why: "3 pods carry the role: detaching the policies from nodes",
});
const back = (policy: string, role: string) =>
    `${policy} is attached to ${role} again. The next update detaches it. If a program attaches it ` +
    "(aws.iam.RolePolicyAttachment), remove that resource from the program, or each update undoes the other's work.";

describe("What a refresh shows of the detachment", () => {
    const refusal = new Refusal("service-account-missing", "It is not there.", "means", "fix");
    const rows: [string, Step, string | undefined][] = [
        ["is nothing where all is as the last update left it", { do: "done", why: "3 pods carry the role" }, undefined],
        ["is what was seen where the next update would refuse", { do: "refuse", refusal }, "It is not there."],
        [
            "is what the next update does first",
            { do: "wait", why: "1 of 3 pods is not Ready" },
            "1 of 3 pods is not Ready",
        ],
        [
            "is a policy that came back, and who may have attached it",
            detach(["nodes", CNI_POLICY]),
            back(CNI_POLICY, "nodes"),
        ],
        [
            "is each of them",
            detach(["nodes", CNI_POLICY], ["more", OTHER_POLICY]),
            `${back(CNI_POLICY, "nodes")} ${back(OTHER_POLICY, "more")}`,
        ],
        [
            "is of those that came back where others never left",
            detach(["nodes", CNI_POLICY], ["late", CNI_POLICY]),
            back(CNI_POLICY, "nodes"),
        ],
        [
            "is what the next update does where no policy has left yet",
            detach(["late", CNI_POLICY]),
            "3 pods carry the role: detaching the policies from nodes",
        ],
    ];
    for (const [what, step, drift] of rows) {
        it(what, () => strictEqual(driftOf(step, ["nodes", "more"]), drift));
    }
});
