import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Subject } from "../../../../handover/model/subject";
import type { AccountSeen } from "../../../../handover/model/world";
import { dependsOnAddOn, seeingAddOn } from "../../../../handover/observe/seeingAddOn";
import type { RunContext } from "../../../../handover/observe/runContext";
import { addOn, external, ofAddOn } from "../support/addOns";
import { onNodeRole, ROLE, subject, world } from "../support/worlds";

const { account } = world(onNodeRole);

function contextOf(of: Subject, seen: AccountSeen = account, inKubeconfig: string[] = []) {
    const asked: string[] = [];
    const context = {
        subject: { ...of, issuers: ["issuer"] },
        cluster: { clustersInKubeconfig: () => inKubeconfig },
        aws: {
            look: () => Promise.resolve(seen),
            namedCluster: () => Promise.resolve({ is: "there", issuer: "issuer" }),
            addOn: (name: string) => {
                asked.push(name);
                return Promise.resolve(addOn(ROLE));
            },
        },
    } as unknown as RunContext;
    return { context, asked };
}

describe("A look at the account with the managed add-on", () => {
    const named = (of: Subject): Subject => ({ ...of, clusterName: "shop" });

    it("is made if another writer delivers the role, or if the add-on may carry one of the component", () => {
        const rows: [Subject, boolean][] = [
            [subject, false],
            [ofAddOn, true],
            [external, true],
            [{ ...subject, addOnDelivered: true }, true],
        ];
        deepStrictEqual(
            rows.map(([of]) => dependsOnAddOn(of)),
            rows.map(([, expected]) => expected),
        );
        const { context } = contextOf(subject);
        strictEqual(seeingAddOn(context), context);
    });

    it("shows the add-on of the cluster that the program names", async () => {
        const { context, asked } = contextOf(named(ofAddOn));
        deepStrictEqual(await seeingAddOn(context).aws.look({} as never), { ...account, addOn: addOn(ROLE) });
        deepStrictEqual(asked, ["shop"]);
    });

    it("shows it also if a run asks for it", async () => {
        const { context, asked } = contextOf(named(subject));
        deepStrictEqual(await seeingAddOn(context, true).aws.look({} as never), { ...account, addOn: addOn(ROLE) });
        deepStrictEqual(asked, ["shop"]);
    });

    it("finds the cluster's name", async () => {
        const { context, asked } = contextOf(ofAddOn, account, ["found"]);
        await seeingAddOn(context).aws.look({} as never);
        deepStrictEqual(asked, ["found"]);
    });

    it("takes no name of another cluster, which its issuer shows", async () => {
        const { context, asked } = contextOf(ofAddOn, account, ["found"]);
        const elsewhere = { ...context, subject: { ...context.subject, issuers: ["another"] } };
        const { addOn: seen } = await seeingAddOn(elsewhere).aws.look({} as never);
        deepStrictEqual([seen?.is, asked], ["unnamed", []]);
    });

    it("says why there is none if the name cannot be found", async () => {
        const { context, asked } = contextOf(ofAddOn);
        const why =
            "The name of the EKS cluster is unknown: the kubeconfig has none, and the tags of the nodes' instances have none in common.";
        deepStrictEqual((await seeingAddOn(context).aws.look({} as never)).addOn, { is: "unnamed", why });
        deepStrictEqual(asked, []);
    });

    it("does not ask again for an earlier look", async () => {
        const reused = { ...account, reused: true };
        const { context, asked } = contextOf(named(ofAddOn), reused);
        deepStrictEqual(await seeingAddOn(context).aws.look({} as never), reused);
        deepStrictEqual(asked, []);
    });
});
