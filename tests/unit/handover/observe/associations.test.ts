import { deepStrictEqual } from "node:assert/strict";
import type { OtherDelivery } from "../../../../handover/model/otherDelivery";
import { seeingAssociations } from "../../../../handover/observe/associations";
import type { RunContext } from "../../../../handover/observe/runContext";
import { onNodeRole, subject, world } from "../support/worlds";

const { account } = world(onNodeRole);
const unread: OtherDelivery["unread"] = [{ action: "eks:DescribeAddon", cause: "denied", why: "no right" }];

/** A look at the account, with this answer of EKS. */
async function look(clusterName: string | undefined, answer: Partial<OtherDelivery>, inKubeconfig: string[] = []) {
    const asked: unknown[] = [];
    const context = {
        subject: { ...subject, clusterName, issuers: ["issuer"] },
        cluster: { clustersInKubeconfig: () => inKubeconfig },
        aws: {
            look: () => Promise.resolve(account),
            namedCluster: () => Promise.resolve({ is: "there", issuer: "issuer" }),
            otherDelivery: (...args: unknown[]) => {
                asked.push(args);
                return Promise.resolve({ podIdentityRoleArns: [], unread: [], ...answer });
            },
        },
    } as unknown as RunContext;
    return { asked, account: await seeingAssociations(context).aws.look({} as never) };
}

describe("A look at the account with associations", () => {
    it("adds the roles of the service account's associations", async () => {
        const { asked, account: seen } = await look("shop", { podIdentityRoleArns: ["a", "b"] });
        deepStrictEqual(seen, { ...account, podIdentityRoleArns: ["a", "b"] });
        deepStrictEqual(asked, [["shop", subject.serviceAccount]]);
    });

    it("says that there is none only if that could be read", async () => {
        deepStrictEqual((await look("shop", {})).account, { ...account, podIdentityRoleArns: [] });
        deepStrictEqual((await look("shop", { unread })).account, account);
    });

    it("says which there are, whatever else could not be read", async () =>
        deepStrictEqual((await look("shop", { podIdentityRoleArns: ["a"], unread })).account, {
            ...account,
            podIdentityRoleArns: ["a"],
        }));

    it("finds the cluster's name", async () => {
        const { asked, account: seen } = await look(undefined, { podIdentityRoleArns: ["a"] }, ["found"]);
        deepStrictEqual(
            [asked, seen],
            [[["found", subject.serviceAccount]], { ...account, podIdentityRoleArns: ["a"] }],
        );
    });

    it("asks nothing if the cluster's name cannot be found", async () => {
        const { asked, account: seen } = await look(undefined, { podIdentityRoleArns: ["a"] });
        deepStrictEqual([asked, seen], [[], account]);
    });
});
